// What TypeScript says to a program that looks into the data of a chunk that may be the final one.
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from '../support/temporary.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

for (const call of ["stream('train')", "stream<{ loss: number }>('train')"]) {
  test(`API-05: ${call}: the error of chunk.data.loss names what to do`, async () => {
    const folder = temporaryFolder()
    const program = `import { map } from 'rxjs'
import type { Snakepit } from '${root}src/index.js'
declare const pit: Snakepit
export const losses = pit.${call}.pipe(map((chunk) => chunk.data.loss))
`
    writeFileSync(join(folder, 'program.mts'), program)
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const settings = { extends: `${root}tsconfig.json`, include: [], files: ['program.mts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await execa(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', folder], {
      reject: false,
    })
    assert.match(stdout, /program\.mts.*Property 'loss' does not exist on type '.*CheckIsFinalOrUseValues/)
    assert.not.match(stdout, /Cannot find/)
  })
}

test.run()
