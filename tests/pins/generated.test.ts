// What was generated is what the protocol, package.json and the requirements say now.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const generate = fileURLToPath(new URL('../../scripts/generate.mjs', import.meta.url))

test('WIRE-05: messages, descriptors and the package facts are as `npm run generate` would make them', async () => {
  const check = promisify(execFile)(process.execPath, [generate, '--check'], { timeout: 60_000 })
  assert.ok(await check.catch((error) => assert.unreachable(`${error.stdout}${error.stderr}`)))
})

test.run()
