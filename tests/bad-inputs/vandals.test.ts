// Tools that use up what their process has, or spoil what everybody in it shares: their worker serves on, and closing
// always ends with nothing left.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { all } from '../support/all.js'
import { raises } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { adapterOf, nextLog, openOne } from '../support/pit.js'
import { allGone, isAlive } from '../support/processes.js'
import { within } from '../support/within.js'
import { closes, countTo, nobodyLeft, sparesTheWorker } from './harmless.js'

const adapter = adapterOf(import.meta.url, 'misbehaves.py')
const undeterred = { cancelGrace: 400, barrier: false, restart: { backoff: 0, jitter: 0, maxCrashes: 1000 } } as const
const pit = await openOne(adapter, undeterred)
test.after(async () => {
  await pit.close()
  await nobodyLeft()
})
test.after.each(nothingEscaped)

// Memory, descriptors, threads, processes.

test('ERR-02: memory used up: MemoryError, and the worker goes on', async () => {
  await sparesTheWorker(pit, async () => {
    await raises(pit.execute('runs_out_of_memory'), 'MemoryError')
    assert.is(await countTo(pit, 1000), 1000)
  })
})

const exhausting: [string, object][] = [
  ['uses_up_descriptors', {}],
  ['limits_descriptors', { most: 8 }],
  ['starts_threads', { n: 300 }],
]
for (const [tool, args] of exhausting) {
  test(`CLEAN-02, guarantee:G7: a tool that ${tool}: calls and streams go on, closing ends in time`, async () => {
    const own = await openOne(adapter, undeterred)
    await sparesTheWorker(own, () => own.execute(tool, { ...args }))
    assert.is(await countTo(own, 1000), 1000)
    assert.is(await own.execute('rests', { seconds: 0 }), 'rested')
    await closes(own)
  })
}

// Cannot be had without a cgroup that bounds the number of processes: it would take the machine down.
test.skip('CLEAN-01: a fork bomb ends with its worker', () => undefined)

for (const method of ['spawn', 'forkserver']) {
  test(`PY-04, CLEAN-01: multiprocessing by ${method} from a tool`, async () => {
    const own = await openOne(adapter, undeterred)
    await sparesTheWorker(own, async () => assert.equal(await own.execute('multiprocesses', { method }), [1, 4, 9]))
    await closes(own)
  })
}

// `multiprocessing` by fork does the same. That may also hang, as it may in every process that has threads: no test of ours.
test('CLEAN-01: SIGTERM to a forked child ends that child and nobody else', async () => {
  const own = await openOne(adapter, undeterred)
  for (let round = 0; round < 20; round++) {
    await sparesTheWorker(own, async () => assert.is(await own.execute('forks_and_terminates'), 15))
  }
  await closes(own)
})

for (const tool of ['forks', 'forks_and_raises']) {
  test(`CLEAN-01: a tool that ${tool} is answered once, by the worker, and the child ends with it`, async () => {
    const own = await openOne(adapter, undeterred)
    const child = await sparesTheWorker(own, () => own.execute<number>(tool))
    assert.ok(child > 0)
    assert.is(await countTo(own, 1000), 1000)
    await closes(own)
    await allGone([child], 1000)
  })
}

test('CLEAN-01, guarantee:G5: a stream that forks comes once, and whole', async () => {
  const own = await openOne(adapter, undeterred)
  const seen = await all(own.stream<number>('forks_in_a_stream', {}, { window: 10 }).values())
  assert.equal(
    seen,
    Array.from({ length: 1000 }, (_, index) => index),
  )
  await closes(own)
})

test('CLEAN-01: children that hold every descriptor of the worker end with it', async () => {
  const own = await openOne(adapter, undeterred)
  const children = await own.execute<number[]>('leaves_children')
  assert.ok(children.every(isAlive))
  await closes(own)
  await allGone(children, 1000)
})

// The interpreter and its output.

const vandalism = [
  'sys.stdout = None',
  'sys.stderr = None',
  'os.dup2(devnull, 1)',
  'os.close(1), os.close(2)',
  'os.close(0)',
  'logging.disable()',
  'logging.shutdown()',
  'root.handlers.clear()',
  'sys.setrecursionlimit(10**9)',
  'sys.setswitchinterval(100)',
  'gc.disable()',
  'os.environ.clear()',
  'sys.path.clear()',
  "os.chdir('/')",
  'os.umask(0o777)',
  'locale',
  'warnings as errors',
  'threading.excepthook',
  'sys.excepthook',
  'sys.settrace',
  'a handler that prints',
  'asyncio.set_event_loop_policy(None)',
]
for (const how of vandalism) {
  test(`PY-08, FAULT-01: a tool that does ${how} harms no call after it, and closing ends in time`, async () => {
    const own = await openOne(adapter, undeterred)
    await sparesTheWorker(own, () => own.execute('vandalises', { how }))
    assert.is(await countTo(own, 100), 100)
    assert.is(await own.execute('rests', { seconds: 0 }), 'rested')
    await raises(own.execute('nests_a_loop'), 'RuntimeError')
    await closes(own)
  })
}

test('CANCEL-01: a tool that ignores every signal, ours too: it is left by an exception, and told so', async () => {
  const own = await openOne(adapter, undeterred)
  const told = nextLog(own, ({ source }) => source === 'snakepit')
  await sparesTheWorker(own, async () => {
    await own.execute('vandalises', { how: 'signals ignored' })
    for await (const _ of own.stream('yields_and_spins')) break
  })
  assert.match((await told).message, /'yields_and_spins': signal SIGRTMAX-6, .* was taken by `signal.SIG_IGN`/)
  assert.is(own.stats().cancels.thrown, 1)
  await closes(own)
})

test('PY-08: a signal handler that prints while the tool prints', async () => {
  await sparesTheWorker(pit, async () => {
    assert.is(await within(pit.execute('prints_from_a_handler'), 'the prints'), 'printed')
  })
})

test.run()
