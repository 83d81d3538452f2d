// Real workers behind wires that are slow, cut, silent or confused: nothing is ever wrong, late or lost in silence.
// timeout: 180 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit, SnakepitError, type SnakepitOptions } from '../../src/index.js'
import { nothingEscaped } from '../support/escaped.js'
import { eventually } from '../support/eventually.js'
import { adapterOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { seeded } from '../support/seeded.js'
import { within } from '../support/within.js'
import { Bystanders } from './kit/bystanders.js'
import { corrupt, drop, duplicate, FaultyWires, type FrameFault, frames, swap } from './kit/frame-faults.js'
import { Bandwidth, BitFlip, Blackhole, ByteLimit, Latency, Slicer, type Toxic } from './kit/toxics.js'
import { ProxiedWorkers, type WireProxy } from './kit/wire-proxy.js'

const common: SnakepitOptions = {
  // The proxy between them takes sockets.
  transport: 'grpc',
  adapter: adapterOf(import.meta.url, 'ledgered.py'),
  drain: 0,
  restart: { backoff: 0, jitter: 0, maxCrashes: 10_000 },
  barrier: false,
}
test.after.each(nothingEscaped)

// ---- slow wires

const slow: [name: string, toxics: () => Toxic[], chunks: number, size: number][] = [
  ['one byte a write', () => [new Slicer(1)], 300, 10],
  ['seven bytes a write', () => [new Slicer(7)], 1500, 10],
  ['latency with jitter', () => [new Latency(5, 20, seeded(1))], 2000, 100],
  ['little bandwidth', () => [new Slicer(2000), new Bandwidth(400_000)], 100, 4000],
]
for (const [name, toxics, n, size] of slow) {
  test(`STREAM-01, guarantee:G11: ${name}: all chunks, in order, once`, async () => {
    const workers = new ProxiedWorkers((proxy) => {
      proxy.set('up', ...toxics())
      proxy.set('down', ...toxics())
    })
    const pit = await Snakepit.openWith({ ...common, size: 1, concurrency: 2 }, workers)
    try {
      const calls = Promise.all(Array.from({ length: 5 }, (_, i) => pit.execute('works', { call: `c${i}`, ms: 1 })))
      await within(readAll(pit, 'streams', n, size), name, 30_000)
      assert.equal(await calls, ['c0', 'c1', 'c2', 'c3', 'c4'])
    } finally {
      await pit.close()
    }
  })
}

// ---- cut wires

const cuts: Record<string, (proxy: WireProxy) => void> = {
  'a reset': (proxy) => proxy.reset(),
  'half-closed to the worker': (proxy) => proxy.halfClose('up'),
  'half-closed to the host': (proxy) => proxy.halfClose('down'),
  'a limit of bytes to the host': (proxy) => proxy.set('down', new ByteLimit(777)),
  'a limit of bytes to the host, half-closed': (proxy) => proxy.set('down', new ByteLimit(777, 'half-close')),
  'a limit of bytes to the worker': (proxy) => proxy.set('up', new ByteLimit(5)),
}
const proxied = new ProxiedWorkers()
const pair = { ...common, size: 2, concurrency: 2, startBatch: 2, timeout: 60_000 }
const pit = await Snakepit.openWith(pair, proxied)
await pit.ready()
const others = await Bystanders.of(pit, 2)
test.after(() => pit.close())

for (const [name, cut] of Object.entries(cuts)) {
  test(`FAULT-01, guarantee:G8, guarantee:G9: ${name}: exactly the calls of that worker end, and it is replaced`, async () => {
    const victim = await victimOf(pit)
    const reading = readFor(pit)
    const waiting = reasonOf(pit.execute('waits'))
    await eventually(() => reading.count > 20, 'a stream')
    const began = performance.now()
    cut(proxied.at(victim.address))
    for (const error of [await reasonOf(reading.end), await waiting]) {
      assert.instance(error, SnakepitError, String(error))
      const { code, mayHaveRun } = error as SnakepitError
      assert.ok(['transport_failed', 'worker_crashed'].includes(code), String(error))
      assert.is(mayHaveRun, true)
    }
    assert.ok(performance.now() - began < 3000, `${performance.now() - began} ms`)
    assert.is.not(await pit.execute<number>('pid'), victim.pid)
    await others.goOn()
  })
}

// ---- confused wires

type Faults = { readonly in?: () => FrameFault; readonly out?: () => FrameFault }

/** `harmless`: the right values come all the same; else the code that the call may end with. */
const confusions: Record<string, readonly [faults: Faults, expected: 'harmless' | readonly string[]]> = {
  'items twice': [{ in: () => duplicate(frames('items', 2)) }, ['protocol_error']],
  'items swapped': [{ in: () => swap(frames('items', 2)) }, ['protocol_error']],
  'items lost': [{ in: () => drop(frames('items', 2)) }, ['protocol_error']],
  'the end before the last items': [{ in: () => swap(frames('items', 30)) }, ['protocol_error']],
  'another first': [
    {
      in: () =>
        corrupt(frames('items', 1), (kind) =>
          kind.$case === 'items' ? { ...kind, value: { ...kind.value, first: kind.value.first + 1 } } : kind,
        ),
    },
    ['protocol_error'],
  ],
  'another call': [
    {
      in: () =>
        corrupt(frames('items', 1), (kind) =>
          kind.$case === 'items' ? { ...kind, value: { ...kind.value, call: kind.value.call + 2 } } : kind,
        ),
    },
    ['protocol_error'],
  ],
  'an end without outcome': [
    {
      in: () =>
        corrupt(frames('end', 0), (kind) =>
          kind.$case === 'end' ? { ...kind, value: { ...kind.value, outcome: undefined } } : kind,
        ),
    },
    ['protocol_error'],
  ],
  'the end twice': [{ in: () => duplicate(frames('end')) }, 'harmless'],
  'the end lost': [{ in: () => drop(frames('end', 0)) }, ['timeout']],
  'credit twice': [{ out: () => duplicate(frames('credit')) }, 'harmless'],
  'some credit lost': [{ out: () => drop(frames('credit', 1)) }, 'harmless'],
  'all credit lost': [{ out: () => drop(frames('credit')) }, ['timeout']],
  // The worker hangs up on who breaks the rules.
  'the start twice': [
    { out: () => duplicate(frames('start')) },
    ['worker_crashed', 'transport_failed', 'worker_stopping'],
  ],
  'the start lost': [{ out: () => drop(frames('start', 0)) }, ['timeout']],
}

for (const [name, [faults, expected]] of Object.entries(confusions)) {
  test(`guarantee:G5, guarantee:G10, guarantee:G11: ${name}: the right values, or an error that says so`, async () => {
    const wires = new FaultyWires()
    const confused = await Snakepit.openWith({ ...common, size: 1, concurrency: 2, cancelGrace: 300 }, wires)
    try {
      const wire = wires.wires[0]
      assert.ok(wire)
      wire.faults = { in: faults.in ? [faults.in()] : [], out: faults.out ? [faults.out()] : [] }
      const read = within(readAll(confused, 'streams_later', 300, 10, { timeout: 1500, window: 16 }), name)
      if (expected === 'harmless') await read
      else assert.ok(expected.includes(((await reasonOf(read)) as SnakepitError).code), String(await reasonOf(read)))
      assert.ok(wire.harmed > 0, 'nothing was harmed')
      wire.faults = { in: [], out: [] }
      await servesAgain(confused)
    } finally {
      await confused.close()
    }
  })
}

test('guarantee:G9, guarantee:G30: bits that flip: everything ends, and nothing is thrown where nobody catches it', async () => {
  const random = seeded(20_260_301)
  const flipped = new ProxiedWorkers((proxy) => proxy.set('down', new BitFlip(20_000, random)))
  const open = { ...common, size: 1, concurrency: 2, cancelGrace: 100, restart: { backoff: 0, maxStartFailures: 1e6 } }
  const broken = await Snakepit.openWith(
    { ...open, heartbeat: false, restart: { ...open.restart, maxCrashes: 1e6 } },
    flipped,
  )
  const calls = Array.from({ length: 60 }, (_, index) =>
    readAll(broken, 'streams', 50, 100, { timeout: 3000 + index }).then(
      () => 'value',
      (error: unknown) => (error instanceof SnakepitError ? error.code : 'wrong'),
    ),
  )
  const ends = await within(Promise.all(calls), 'the ends', 20_000)
  await within(broken.close(), 'close')
  assert.is(ends.length, 60)
  assert.ok(new Set(ends).size > 1, 'no bit did any harm')
})

// ---- silent wires

test('FAULT-02, guarantee:G22: a wire that swallows everything is found out within eleven seconds', async () => {
  const victim = await victimOf(pit)
  const waiting = pit.execute('waits').then(
    () => undefined,
    (error: unknown) => error,
  )
  await eventually(() => pit.stats().running === 3, 'a running call')
  const proxy = proxied.at(victim.address)
  const began = performance.now()
  proxy.set('up', new Blackhole())
  proxy.set('down', new Blackhole())
  const error = (await within(waiting, 'the end of the call', 14_000)) as SnakepitError
  const took = performance.now() - began
  assert.ok(['worker_unresponsive', 'transport_failed'].includes(error.code), String(error))
  assert.is(error.mayHaveRun, true)
  assert.ok(took <= 11_000, `${took} ms`)
  assert.is.not(await pit.execute<number>('pid'), victim.pid)
  await others.goOn()
})

test('guarantee:G10, guarantee:G11: nothing of the other worker was lost in all this', () => others.leave())

/** A worker that was hung up on may still take a call or two with it. */
async function servesAgain(from: Snakepit): Promise<void> {
  for (let attempts = 5; attempts > 0; attempts--) {
    try {
      return assert.is(await within(from.execute('works', { call: 'after', ms: 0 }), 'a call'), 'after')
    } catch (error) {
      if (!(error instanceof SnakepitError)) throw error
      assert.ok(['worker_stopping', 'worker_crashed', 'transport_failed'].includes(error.code), String(error))
    }
  }
  throw new Error('no call was served any more')
}

/** The worker that has room, and where it listens. */
async function victimOf(from: Snakepit): Promise<{ readonly pid: number; readonly address: string | undefined }> {
  const pid = await from.execute<number>('pid')
  const worker = from.workers().find((each) => each.info()?.pid === pid)
  return { pid, address: worker?.info()?.transport.address }
}

/** A stream that is read until something ends it. */
function readFor(from: Snakepit): { readonly end: Promise<void>; readonly count: number } {
  let count = 0
  const read = async () => {
    for await (const tick of from.stream<number>('ticks', {}, { window: 8 }).values()) assert.is(tick, count++)
  }
  const end = read()
  end.catch(() => undefined)
  return {
    end,
    get count() {
      return count
    },
  }
}

/** Reads a stream to its end. Fails with its error, or when a chunk is missing, wrong, or out of its place. */
async function readAll(
  from: Snakepit,
  tool: 'streams' | 'streams_later',
  n: number,
  size: number,
  options: { timeout?: number; window?: number } = {},
): Promise<void> {
  const call = `${tool}-${n}`
  let next = 0
  for await (const chunk of from.stream<[string, number, Uint8Array]>(tool, { call, n, size }, options)) {
    if (chunk.isFinal) continue
    const [from, seq, ballast] = chunk.data as [string, number, Uint8Array]
    assert.equal([from, seq, ballast.length], [call, next++, size])
  }
  assert.is(next, n, 'chunks are missing')
}

test.run()
