// timeout: 180 s
// The package as it would be published: what is in it, and whether others can import it.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { folder, pack, root, run } from '../../scripts/package/packed.mjs'

test('API-01: packed in a fresh clone, the package holds what it needs, and passes publint and attw', async () => {
  const { tarball, paths } = await pack()
  for (const needed of [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/embedded/index.js',
    'dist/embedded/index.d.ts',
    'bridge-py/src/snakepit_bridge/__main__.py',
    'bridge-py/src/snakepit_bridge/_protocol/worker.binpb',
    'bridge-py/src/snakepit_bridge/py.typed',
    'bridge-py/requirements.txt',
    'bridge-py/requirements.lock',
    'README.md',
    'LICENSE',
  ]) {
    assert.ok(paths.includes(needed), needed)
  }
  assert.equal(
    paths.filter((path) => /__pycache__|\.pyc$|^tests\/|^src\//.test(path)),
    [],
  )
  await run(process.execPath, ['node_modules/publint/src/cli.js', tarball, '--strict'], { cwd: root })
  const attw = 'node_modules/@arethetypeswrong/cli/dist/index.js'
  await run(process.execPath, [attw, tarball, '--profile', 'esm-only'], { cwd: root })

  const unpacked = join(folder, 'unpacked')
  mkdirSync(unpacked)
  await run('tar', ['-xzf', tarball, '-C', unpacked])
  const dist = join(unpacked, 'package', 'dist')
  const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.map'))
  assert.ok(maps.length > 100)
  const without = maps.filter((name) => !JSON.parse(readFileSync(join(dist, name), 'utf8')).sourcesContent?.[0])
  assert.equal(without, [], 'source maps carry their sources: src is not in the package')
  const { main, types, exports } = JSON.parse(readFileSync(join(unpacked, 'package', 'package.json'), 'utf8'))
  assert.equal({ types, default: main }, exports['.'], 'tools that do not read `exports` find the same files')
})

test.run()
