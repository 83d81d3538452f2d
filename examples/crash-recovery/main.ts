// Workers die in five ways; each takes only its own call with it, and the pool is whole again in the end.
//
//     node --import tsx examples/crash-recovery/main.ts
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Snakepit, SnakepitError } from '../../src/index.js'
import { died, heading, say, table } from './report.js'

interface Rendered {
  readonly frame: number
  readonly run: number
  readonly pid: number
}

interface Decoded {
  readonly name: string
  readonly pixels: number
}

/** A process that was stopped, and the end of its call. */
interface Suspended {
  readonly pid: number
  readonly end: Promise<{ readonly error: SnakepitError; readonly took: number }>
}

const folder = await mkdtemp(join(tmpdir(), 'snakepit-crash-recovery-'))
const journal = join(folder, 'journal')
await writeFile(journal, '')

const pit = await Snakepit.open({
  adapter: new URL('./fragile.py', import.meta.url),
  size: 4,
  env: { JOURNAL: journal },
  // Five crashes in a minute stop a pool, unless more are expected.
  restart: { maxCrashes: 20 },
  queueTimeout: 60_000,
  timeout: 60_000,
})
await pit.ready()
/** Every Python process that there ever was. */
const pids = new Set(pit.workers().map((worker) => worker.info()?.pid ?? 0))
pit.events$.subscribe((event) => {
  if (event.type === 'worker-ready') pids.add(event.info.pid)
})
console.log(`${pids.size} workers are warm: processes ${[...pids].join(', ')}`)

try {
  const suspended = await suspend()
  await segfault()
  await idempotent()
  await plain()
  await poison()
  await silence(suspended)
  await whole()
} finally {
  await pit.close()
  await rm(folder, { recursive: true })
}
const left = [...pids].filter(isAlive)
assert.deepEqual(left, [])
console.log(`\nall as expected: ${pids.size} processes came, ${left.length} are left`)

/** A worker dies in C code; the calls of the others do not notice. */
async function segfault(): Promise<void> {
  heading('a segmentation fault', 'read_sensor() reads where nothing is, while two other workers count')
  const counts = [1, 2].map(async () => {
    const seen: number[] = []
    for await (const number of pit.stream<number>('count', { to: 20, pause: 0.05 }).values()) seen.push(number)
    return seen
  })
  const error = await failure(pit.execute('read_sensor'))
  assert.equal(error.code, 'worker_crashed')
  assert.equal(error.details.signal, 'SIGSEGV')
  assert.equal(error.details.crashClass, 'segfault')
  assert.equal(error.details.tool, 'read_sensor')
  died(error)
  const expected = Array.from({ length: 20 }, (_, index) => index + 1)
  for (const seen of await Promise.all(counts)) assert.deepEqual(seen, expected)
  say('both others counted from 1 to 20 with nothing missing and nothing twice')
}

/** A call that may run twice is run again elsewhere: its caller sees nothing but the result. */
async function idempotent(): Promise<void> {
  heading('an idempotent call', 'render() is killed, as happens when memory runs out; running it twice does no harm')
  const began = performance.now()
  const watching = pit.events$.subscribe((event) => {
    if (event.type === 'worker-exited') say(`${event.worker} ended by ${event.signal}`)
    if (event.type === 'call-retried') say(`run ${event.attempt} of ${event.tool}() begins on ${event.worker}`)
  })
  const { run, pid } = await pit.execute<Rendered>('render', { frame: 7 }, { idempotent: true })
  watching.unsubscribe()
  assert.equal(run, 2)
  assert.equal(pit.stats().retries, 1)
  say(`rendered in run ${run} by process ${pid}, ${(performance.now() - began).toFixed(0)} ms after it was asked for`)
}

/** One that says nothing is run once; the error tells that it may have done its work. */
async function plain(): Promise<void> {
  heading('a call that is not', 'transfer() books an amount and dies before it can say so')
  const error = await failure(pit.execute('transfer', { amount: 100 }))
  assert.equal(error.code, 'worker_crashed')
  assert.equal(error.details.crashClass, 'abort')
  assert.equal(error.mayHaveRun, true)
  died(error)
  const booked = (await readFile(journal, 'utf8')).split('\n').filter((line) => line === 'transfer 100').length
  assert.equal(booked, 1)
  say(`it was not run again. It may have run, so look before you repeat it: the journal has it ${booked} time`)
}

/** An input that kills its worker is refused after the second time; other inputs of the same tool go on. */
async function poison(): Promise<void> {
  heading('a poisonous input', 'six images are decoded three times over; scan-3 kills whoever decodes it')
  const names = Array.from({ length: 6 }, (_, index) => `scan-${index + 1}`)
  const codes: string[] = []
  let decoded = 0
  for (let round = 1; round <= 3; round++) {
    const outcomes = await Promise.allSettled(
      names.map((name) => pit.execute<Decoded>('decode', { name, damaged: name === 'scan-3' }, { poisonKey: name })),
    )
    const good = outcomes.filter(({ status }) => status === 'fulfilled').length
    const [bad] = outcomes.filter((outcome) => outcome.status === 'rejected')
    assert(bad?.reason instanceof SnakepitError)
    const { code, mayHaveRun } = bad.reason
    say(`round ${round}: ${good} decoded, scan-3 ended with ${code} (mayHaveRun ${mayHaveRun})`)
    if (code === 'tool_quarantined') say(bad.reason.message)
    codes.push(code)
    decoded += good
  }
  assert.deepEqual(codes, ['worker_crashed', 'worker_crashed', 'tool_quarantined'])
  assert.equal(decoded, 15)
}

/** Suspends a worker in the middle of a call. It is found by its silence, which takes a while: the rest goes on. */
async function suspend(): Promise<Suspended> {
  heading('a process that is suspended', 'SIGSTOP in the middle of a call: it can neither answer nor end')
  const chunks = pit.stream<number>('naps')[Symbol.asyncIterator]()
  const pid = (await chunks.next()).value?.data
  assert(typeof pid === 'number')
  process.kill(pid, 'SIGSTOP')
  say(`process ${pid} is silent from now on; the others go on`)
  const began = performance.now()
  const end = failure(chunks.next()).then((error) => ({ error, took: performance.now() - began }))
  return { pid, end }
}

/** What has become of it. */
async function silence({ pid, end }: Suspended): Promise<void> {
  heading('the suspended one again', 'it is there as far as the system knows, and gives no sign of life')
  const { error, took } = await end
  assert.equal(error.code, 'worker_unresponsive')
  assert.equal(error.mayHaveRun, true)
  // As a rule within 11 s; time in which this program did not get its turn does not count.
  assert(took < 30_000, `found after ${took} ms`)
  say(`process ${pid} was found out after ${(took / 1000).toFixed(1)} s, and replaced`)
  say(`${error.code}: ${error.message}`)
}

/** Everything is counted, and all workers are there. */
async function whole(): Promise<void> {
  await pit.ready()
  const stats = pit.stats()
  assert.deepEqual(stats.crashes, { segfault: 3, out_of_memory: 1, abort: 1 })
  assert.equal(stats.tainted, 1)
  assert.equal(stats.quarantined, 1)
  const { submitted, queued, running, completed, errors, cancelled, timeouts, refused, lost } = stats
  assert.equal(submitted, queued + running + completed + errors + cancelled + timeouts + refused + lost)
  assert.deepEqual({ completed, refused, lost, running }, { completed: 18, refused: 1, lost: 6, running: 0 })
  table(stats)
}

/** What a call failed with. */
async function failure(call: Promise<unknown>): Promise<SnakepitError> {
  const error = await call.then(
    () => assert.fail('the call was to fail'),
    (reason: unknown) => reason,
  )
  assert(error instanceof SnakepitError, String(error))
  return error
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
