// The code in the README runs, and prints what the README says.
// timeout: 180 s
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

test('API-01, API-03, STREAM-03: the first example of the README does what it says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  try {
    writeFileSync(join(folder, 'tools.py'), block('python'))
    writeFileSync(join(folder, 'main.ts'), block('ts'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    // `snakepit` is this package itself.
    const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
    const paths = { snakepit: [join(root, 'src/index.ts')] }
    const typeRoots = [join(root, 'node_modules/@types')]
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, paths, typeRoots }, include: ['main.ts'] }),
    )
    const run = (tool: string, ...args: string[]) =>
      promisify(execFile)(process.execPath, [join(root, 'node_modules', tool), ...args], {
        cwd: folder,
        timeout: 80_000,
      })
    await run('typescript/bin/tsc')
    const { stdout } = await run('tsx/dist/cli.mjs', 'main.ts')
    assert.is(stdout, block('text'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** The first fenced block of a language. */
function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)
  assert.ok(found?.[1], `a block of ${language}`)
  return found[1]
}

test.run()
