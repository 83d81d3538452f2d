// The examples run to their end; each checks itself.
// timeout: 340 s
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What an example says when all was as it should be. */
const examples: Readonly<Record<string, RegExp>> = {
  'examples/demo/main.ts': /40 epochs[\s\S]*takeWhile left[\s\S]*finally ran[\s\S]*ValueError[\s\S]*Done\./,
  'examples/sessions/main.ts': /used it 100 times[\s\S]*lost default-\d[\s\S]*all as expected/,
  'examples/cancel/main.ts': /built again[\s\S]*replaced +1 [\s\S]*all as expected: 8 calls left, 1 worker lost/,
  'examples/crash-recovery/main.ts':
    /'segfault'[\s\S]*tool_quarantined[\s\S]*all as expected: \d+ processes came, 0 are/,
}

for (const [file, expected] of Object.entries(examples)) {
  test(`API-07, API-11, CANCEL-02: ${file} ends by itself with status 0`, async () => {
    const run = promisify(execFile)(process.execPath, ['--import', 'tsx', file], { cwd: root, timeout: 80_000 })
    const { stdout } = await run.catch((error) => assert.unreachable(`${error.stdout}${error.stderr}`) as never)
    assert.match(stdout, expected)
  })
}

test.run()
