// timeout: 400 s
// The programs of the README, written into an empty project and run as they are shown, print what the README says.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { install, pack, root, run } from '../../scripts/package/packed.mjs'

const readme = readFileSync(join(root, 'README.md'), 'utf8')
let project = ''

test.before(async () => {
  const [, names = ''] = /^npm install snakepit (.+)$/m.exec(readme) ?? assert.unreachable('how it is installed')
  const { tarball } = await pack()
  project = await install(tarball, names.split(' '))
  for (const name of ['tools.py', 'main.mjs', 'main.mts']) writeFileSync(join(project, name), file(name))
})

test('API-01, API-03, STREAM-03: the first program runs with node alone, and prints what the README says', async () => {
  const { stdout } = await run(process.execPath, ['main.mjs'], { cwd: project })
  assert.is(stdout, block(/```text\n([\s\S]*?)```/))
})

test('API-01, API-11: the second one compiles in strict TypeScript, runs with tsx, and from Node 24 on without', async () => {
  const expected = 'epoch 1: 1.00\nepoch 2: 0.50\nepoch 3: 0.33\n'
  const options = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    noEmit: true,
  }
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, types: ['node'] }, include: ['main.mts'] }),
  )
  const tool = (path) => join(root, 'node_modules', path)
  await run(process.execPath, [tool('typescript/bin/tsc')], { cwd: project })
  const { stdout } = await run(process.execPath, [tool('tsx/dist/cli.mjs'), 'main.mts'], { cwd: project })
  assert.is(stdout, expected)
  if (Number(process.versions.node.split('.')[0]) < 24) return
  assert.is((await run(process.execPath, ['main.mts'], { cwd: project })).stdout, expected)
})

/** The block below a file's name. */
function file(name) {
  return block(new RegExp(`\`${name.replaceAll('.', '\\.')}\`\n\`\`\`\\w+\n([\\s\\S]*?)\`\`\``))
}

function block(pattern) {
  const found = pattern.exec(readme)
  assert.ok(found?.[1], `${pattern} in the README`)
  return found[1]
}

test.run()
