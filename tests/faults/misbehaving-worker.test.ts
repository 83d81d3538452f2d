// Workers that start wrongly, say too much, or are not where they should be: each has its own end, told once.
// timeout: 180 s
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SnakepitError, WorkerLog } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { eventually } from '../support/eventually.js'
import { pidOf } from '../support/pit.js'
import { allGone, descendantsOf, startedSince } from '../support/processes.js'
import { reasonOf } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary.js'
import { within } from '../support/within.js'
import { misbehaving, openMisbehaving, StartCount } from './kit/misbehaving-worker.js'

const garbage = /its answer is no handshake: /
const notReached = /it listened, but the connection failed: /
const elsewhere = /it listens at '.*', where it was not told to/
const early = /the process ended before it was ready, /

/** Told as soon as it happens. */
const fails: Record<string, RegExp> = {
  garbage: /no handshake: 'Starting server on \\u001b\[1mport 80'/,
  not_json: garbage,
  not_an_object: garbage,
  null: garbage,
  empty_line: garbage,
  other_version: /speaks protocol 7, this package speaks 1/,
  version_as_text: /speaks protocol '1' \(string\), this package speaks 1/,
  wrong_incarnation: garbage,
  nuls: garbage,
  invalid_utf8: garbage,
  proto_key: /did not start: it failed: /,
  failure_of_numbers: /did not start: it failed: /,
  failure_null: garbage,
  failure_untold: /did not start: it could not listen: $/m,
  deep_failure: /did not start: it failed: $/m,
  version_untold: /speaks protocol an object, this package speaks 1/,
  deep_version: /speaks protocol an array/,
  dns_name: elsewhere,
  other_scheme: elsewhere,
  address_empty: elsewhere,
  nobody_listens: elsewhere,
  relative_path: elsewhere,
  port_0: elsewhere,
  port_minus_1: elsewhere,
  port_99999: elsewhere,
  port_abc: elsewhere,
  address_number: garbage,
  address_newline: elsewhere,
  pid_text: garbage,
  pid_negative: elsewhere,
  closes_the_pipe: /it closed file descriptor 3 without an answer/,
  exits_early: /with exit code 1\nits last lines of output:\n {2}the disk is full/,
  segfaults: /killed by SIGSEGV[\s\S]*Fatal Python error: Segmentation fault/,
  killed: /ready, killed by SIGKILL/,
  long_line: garbage,
  ten_megabytes: garbage,
  byte_by_byte: /initialize\(\) of the adapter '.*rogue\.py' failed: Grüße: byte by byte ✓/,
  half_an_answer: /no handshake: '{"snakepit": 1, "inc'|with exit code 9/,
  answers_then_exits: /connection failed|with exit code 9/,
  with_bom: garbage,
  in_utf16: garbage,
  hangs_up: notReached,
  random_bytes: notReached,
  http_1: notReached,
  dies_in_the_handshake: /connection failed|with exit code 9/,
  wrong_token: /the other side showed a wrong token/,
  no_token: /the other side showed a wrong token/,
  other_protocol: /expected protocol version 1, got 9/,
  other_incarnation: /another worker answered than the one that was started/,
  no_hello: /expected a greeting first, got 'pong'/,
  keeps_stdout: /with exit code 4\nits last lines of output:\n {2}gone/,
  double_fork: early,
}

const said = /it said nothing for 3000 ms/
const greeted = /it listened, and then did not greet within 3000 ms/

/** Told when the limit of the start has passed, and what the worker may still take to be ended by force. */
const hangs: Record<string, readonly [message: RegExp, force?: number]> = {
  silent: [/said nothing for 3000 ms[\s\S]*`startTimeout`[\s\S]*warming up/],
  reads_stdin: [said],
  holds_the_gil: [said, 1000],
  leaves_on_sigterm: [said, 1000],
  ignores_everything: [said, 3000],
  never_accepts: [greeted],
  no_settings: [greeted],
  slow_loris: [greeted],
  no_streams: [greeted],
}

/** Odd, but no reason not to be served. */
const serves = [
  'no_runtime',
  'strange_tools',
  'answers_twice',
  'answers_slowly',
  'floods_stdout',
  'floods_stderr',
  'many_lines',
  'one_long_line',
]

process.env.TMPDIR = temporaryFolder()
const before = descendantsOf(process.pid)
test.after.each(async () => {
  await nothingEscaped()
  assert.is(({} as Record<string, unknown>).polluted, undefined)
})

for (const [mode, message] of Object.entries(fails)) {
  test(`guarantee:G4, guarantee:G30, WIRE-05: ${mode}: told at once, started once`, async () => {
    const starts = new StartCount()
    const error = (await reasonOf(openMisbehaving(mode, { size: 2, startBatch: 2 }, starts))) as SnakepitError
    isCoded(error, 'worker_start_failed', message)
    assert.equal([error.mayHaveRun, starts.count], [false, 2])
    await nothingIsLeft()
  })
}

test('guarantee:G4, guarantee:G30, WIRE-05: starts that hang end with the limit, and happen once', async () => {
  await Promise.all(
    Object.entries(hangs).map(async ([mode, [message, force = 0]]) => {
      const starts = new StartCount()
      const began = performance.now()
      const opening = reasonOf(within(openMisbehaving(mode, { startTimeout: 3000 }, starts), mode, 9000))
      isCoded(await opening, 'worker_start_failed', message)
      const took = performance.now() - began
      assert.ok(took >= 2990 && took < 3000 * 1.5 + force, `${mode}: ${took} ms`)
      assert.is(starts.count, 1, mode)
    }),
  )
  await nothingIsLeft()
})

for (const mode of serves) {
  test(`guarantee:G30, WIRE-05: ${mode}: odd, and served`, async () => {
    await using pit = await openMisbehaving(mode)
    assert.is(await pit.execute('echo', { value: 3 }), 3)
  })
}

test('guarantee:G29, guarantee:G30: forged lines are lines of output and nothing else', async () => {
  const logs: WorkerLog[] = []
  const pit = await openMisbehaving('well', { env: { ...misbehaving('forged_lines') } })
  const subscription = pit.logs$.subscribe((log) => logs.push(log))
  assert.is(await pit.execute('echo', { value: 3 }), 3)
  process.kill(pidOf(pit), 'SIGKILL')
  // The first worker's lines came before anybody could listen; the next one's come before it is ready.
  await eventually(() => logs.length >= 10, 'the lines of the next worker')
  await pit.close()
  subscription.unsubscribe()
  const expected = [
    '\\u001b[31mred\\u001b[0m',
    '\\u001b]52;c;c3RvbGVu\\u0007clipboard',
    'progress 99%',
    '{"snakepit": 1, "incarnation": "forged", "pid": 1, "address": "unix:///tmp/x"}',
    'nul\\u0000 c1\\u009b del\\u007f line\\u2028 bidi\\u202e invalid��',
  ]
  for (const source of ['stdout', 'stderr']) {
    const lines = logs.filter((log) => log.source === source).map(({ message }) => message)
    assert.equal(lines.slice(0, 5), expected, source)
  }
})

test('guarantee:G4, guarantee:G8: a pool whose workers start no more: so many attempts, then it has failed', async () => {
  const starts = new StartCount()
  const restart = { backoff: 0, jitter: 0, maxStartFailures: 3, maxCrashes: 1000 }
  const pit = await openMisbehaving(
    'exits_early',
    { size: 2, startBatch: 2, restart, env: { MISBEHAVE_AFTER: '2' } },
    starts,
  )
  await pit.ready()
  assert.is(starts.count, 2)
  const [first, second] = pit.workers().map((worker) => worker.info()?.pid as number)
  process.kill(first as number, 'SIGKILL')
  await eventually(() => pit.stats().workers['given-up'] === 1, 'the end of the first place')
  assert.is(starts.count, 2 + 4)
  assert.is(await pit.execute('pid'), second)
  process.kill(second as number, 'SIGKILL')
  await eventually(() => pit.stats().workers['given-up'] === 2, 'the end of the second place')
  await failsWith(pit.execute('pid'), 'pool_failed', /no worker starts any more/)
  assert.is(starts.count, 2 + 4 + 4)
  await pit.close()
  await nothingIsLeft()
})

/** No process, and no folder for a socket. What a worker leaves on purpose, outside of every tree, is not ours. */
async function nothingIsLeft(): Promise<void> {
  await allGone(startedSince(before), 2000)
  assert.equal(readdirSync(tmpdir()), [])
}

test.run()
