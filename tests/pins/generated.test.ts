// What was generated from the protocol is what the protocol says now.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const generate = fileURLToPath(new URL('../../scripts/generate.mjs', import.meta.url))

test('WIRE-05: TypeScript and the descriptor set are as `npm run generate` would make them', async () => {
  const check = promisify(execFile)(process.execPath, [generate, '--check'], { timeout: 60_000 })
  assert.ok(await check.catch((error) => assert.unreachable(`${error.stdout}${error.stderr}`)))
})

test.run()
