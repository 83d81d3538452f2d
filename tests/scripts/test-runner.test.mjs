// The runner of these very tests: what it counts, and what it does not let pass.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runFiles } from '../../scripts/test-runner/run-files.mjs'

const env = { ...process.env, SNAKEPIT_TEST_LEAVE_TIME: '300' }

async function run(name) {
  const [result] = await runFiles([fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url))], { env })
  return result
}

test('passed, failed and skipped tests are counted, and failures tell all they know', async () => {
  const { passed, failed, skipped, output, problems } = await run('mixed')
  assert.equal(
    { passed, failed, skipped, problems: problems.length },
    { passed: 1, failed: 2, skipped: 1, problems: 0 },
  )
  assert.match(output, /failed: fails\nError: the pool is full/)
  assert.match(output, /queued: 40/)
  assert.match(output, /forty calls wait/)
  assert.match(output, /failed: differs\nExpected values to be deeply equal/)
  assert.match(output, /mixed\.ts:\d+/)
})

for (const [name, problem] of [
  ['forgets_run', /no tests: does the file end with test\.run\(\)\?/],
  ['hangs', /took longer than 1 s, in: waits for ever/],
  ['keeps_timer', /did not leave in 0\.3 s after its tests: Timeout still open/],
  ['warns', /warned: DeprecationWarning: do it another way/],
  ['leaves_early', /ended \(0\) in: leaves/],
  ['rejects_unseen', /ended \(1\) in: /],
]) {
  test(`guarantee:G34: a file that ${name.replace('_', ' ')} fails`, async () => {
    const { failed, problems } = await run(name)
    assert.ok(failed >= 1)
    assert.match(problems.join('\n'), problem)
  })
}

test('a hook that throws is told and fails its tests', async () => {
  const { failed, output } = await run('breaks_before')
  assert.is(failed, 1)
  assert.match(output, /failed: breaking > \(before hook\)\nError: no database/)
})

if (process.platform === 'linux') {
  test('guarantee:G34: a file that leaves a child fails, and the child is ended', async () => {
    const { problems } = await run('leaves_child')
    assert.match(problems.join('\n'), /left processes behind: \d+ sleep 600/)
    const [pid] = /\d+(?= sleep 600)/.exec(problems[0])
    await gone(pid)
  })
}

/** A process that was killed is gone once the kernel is done with it. */
async function gone(pid) {
  const end = performance.now() + 5_000
  while (isAlive(pid)) {
    assert.ok(performance.now() < end, `${pid} lives on`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function isAlive(pid) {
  if (!readdirSync('/proc').includes(pid)) return false
  return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

test.run()
