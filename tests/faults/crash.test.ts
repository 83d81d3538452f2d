// A worker that dies takes only its own calls with it, and they are told how it died.
import { firstValueFrom, last } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit, type SnakepitError } from '../../src/index.js'
import { failsWith, isCoded } from '../support/errors.js'
import { adapterOf, nextLog, openOne, pidOf } from '../support/pit.js'
import { isAlive, parentOf } from '../support/processes.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'crashes.py')
const restart = { backoff: 0, jitter: 0, maxCrashes: 1000 }
// These tests are about deaths, not about what is learned from many of them.
const undeterred = { restart, barrier: false } as const
const pit = await openOne(adapter, undeterred)
test.after(() => pit.close())

test('FAULT-01: killed in mid-stream: the chunks before it, then signal, last words and the tool', async () => {
  const before = pidOf(pit)
  const seen: number[] = []
  const stream = pit.stream<number>('crash_mid_stream', { after: 500, number: 9 })
  const error = (await reasonOf(
    (async () => {
      for await (const value of stream.values()) seen.push(value)
    })(),
  )) as SnakepitError
  isCoded(error, 'worker_crashed', /killed by SIGKILL[\s\S]*last words/)
  assert.equal(
    seen,
    Array.from(seen, (_, index) => index),
  )
  assert.ok(seen.length >= 500 - 256, `${seen.length} chunks`)
  assert.is(error.category, 'worker')
  assert.is(error.details.signal, 'SIGKILL')
  assert.ok((error.details.lastLines as string[]).includes('last words'))
  assert.is(error.mayHaveRun, true)
  assert.equal([error.details.tool, error.details.session], ['crash_mid_stream', undefined])
  assert.match(error.message, /^tool 'crash_mid_stream' was lost: worker 'default-0' was killed by SIGKILL\n/)
  assert.is.not(await pit.execute('whoami'), before)
})

const deaths: [string, object, RegExp][] = [
  ['exits', { code: 7 }, / ended with exit code 7[\s\S]*out of licences/],
  ['exits', { code: 0 }, / ended with exit code 0/],
  ['segfaults', {}, / was killed by SIGSEGV[\s\S]*Segmentation fault/],
  ['aborts', {}, / was killed by SIGABRT/],
  ['exits_in_a_thread', { code: 3 }, / ended with exit code 3/],
]
for (const [tool, args, message] of deaths) {
  test(`FAULT-01: a tool that takes its worker with it: ${tool} ${JSON.stringify(args)}`, async () => {
    const error = await failsWith(within(pit.execute(tool, { ...args }), 'the end', 5000), 'worker_crashed', message)
    assert.is(error.mayHaveRun, true)
    assert.is(typeof (await pit.execute('whoami')), 'number')
  })
}

test('FAULT-01, guarantee:G8, guarantee:G22: killed from outside: told within moments, and replaced', async () => {
  const told: number[] = []
  for (let round = 0; round < 5; round++) {
    const there = nextLog(pit, 'about to be killed')
    const call = failsWith(pit.execute('killed_from_outside'), 'worker_crashed', /killed by SIGKILL/)
    await there
    const pid = pidOf(pit)
    const began = performance.now()
    process.kill(pid, 'SIGKILL')
    await call
    told.push(performance.now() - began)
    assert.is.not(await pit.execute('whoami'), pid)
    assert.not.ok(isAlive(pid))
  }
  // A machine that has other things to do keeps some of them waiting.
  told.sort((a, b) => a - b)
  assert.ok((told[0] as number) < 50 && (told.at(-1) as number) < 2000, `${told} ms`)
})

for (const number of [9, 11]) {
  test(`FAULT-01: what Python printed in the moment before its death by signal ${number} is not lost`, async () => {
    const error = await failsWith(pit.execute('speaks_and_dies', { number }), 'worker_crashed', /said last on stderr/)
    const said = (error.details.lastLines as string[]).filter((line) => line.includes('last'))
    assert.equal(said.slice(0, 3), ['password=*** said last on stdout', 'said last on stderr', 'logged last'])
    assert.is(typeof error.details.pid, 'number')
  })
}

test('FAULT-01: a worker that prints much keeps its latest lines', async () => {
  await failsWith(pit.execute('prints_and_dies', { lines: 5000 }), 'worker_crashed', /line 4999/)
})

test('FAULT-01: each of the calls that a worker took with it is told its own tool and session', async () => {
  await using many = await openOne(adapter, { concurrency: 4, ...undeterred })
  const there = nextLog(many, 'about to be killed')
  const calls = [
    reasonOf(many.execute('killed_from_outside')),
    reasonOf(many.session('s-1').execute('waits')),
    reasonOf(firstValueFrom(many.stream('counts_slowly', {}, { session: 's-2' }).pipe(last()))),
  ]
  await there
  process.kill(pidOf(many), 'SIGKILL')
  const errors = (await Promise.all(calls)) as SnakepitError[]
  assert.equal(
    errors.map(({ code, details }) => [code, details.tool, details.session]),
    [
      ['worker_crashed', 'killed_from_outside', undefined],
      ['worker_crashed', 'waits', 's-1'],
      ['worker_crashed', 'counts_slowly', 's-2'],
    ],
  )
  assert.match(errors[1]?.message ?? '', /^tool 'waits' of session 's-1' was lost: worker 'default-0' was killed by/)
})

test('FAULT-01: calls of other workers go on, queued ones run elsewhere', async () => {
  await using two = await Snakepit.open({ adapter, size: 2, drain: 0, ...undeterred })
  await two.ready()
  const there = nextLog(two, 'about to be killed')
  const doomed = failsWith(two.execute('killed_from_outside'), 'worker_crashed')
  const { worker } = await there
  const queued = Array.from({ length: 50 }, () => two.execute<number>('whoami'))
  const victim =
    two
      .workers()
      .find(({ id }) => id === worker)
      ?.info()?.pid ?? 0
  process.kill(victim, 'SIGKILL')
  await doomed
  const ran = await Promise.all(queued)
  assert.not.ok(ran.includes(victim))
})

test('FAULT-01: when the guardian is killed its worker is gone too, and replaced', async () => {
  const before = pidOf(pit)
  const there = nextLog(pit, 'about to be killed')
  const call = failsWith(pit.execute('killed_from_outside'), 'worker_crashed')
  await there
  process.kill(parentOf(before), 'SIGKILL')
  await within(call, 'the end', 5000)
  assert.is.not(await pit.execute('whoami'), before)
  assert.not.ok(isAlive(before))
})

test.run()
