// Puts the Python half into dist/embedded, so that bundlers carry it along like any other code.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'
import { root } from './command.mjs'
import { filesBelow } from './files.mjs'

/** Writes the module that takes the place of the compiled src/embedded/bridge-files.ts. */
export function embedBridge() {
  const source = join(root, 'bridge-py', 'src')
  const paths = filesBelow(source, (path) => !path.endsWith('.pyc'))
  const names = paths.map((path) => relative(source, path).split(sep).join('/'))
  const contents = Object.fromEntries(names.map((name, index) => [name, readFileSync(paths[index], 'latin1')]))
  const archive = gzipSync(JSON.stringify(contents), { level: 9 }).toString('base64')
  const target = join(root, 'dist', 'embedded', 'bridge-files.js')
  rmSync(`${target}.map`, { force: true })
  writeFileSync(
    target,
    `// The files of the Python half, packed by the build (scripts/steps/embed-bridge.mjs).
import { gunzipSync } from 'node:zlib'

const archive = '${archive}'

/** Each file's content by its path below the folder that Python imports from. */
export function bridgeFiles() {
  const contents = JSON.parse(gunzipSync(Buffer.from(archive, 'base64')).toString('utf8'))
  return new Map(Object.entries(contents).map(([name, text]) => [name, Buffer.from(text, 'latin1')]))
}
`,
  )
}
