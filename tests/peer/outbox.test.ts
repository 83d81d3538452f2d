// What waits to be sent: each call's frames in order, none lost, messages of bounded size, and turns for everybody.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { copyFrom } from '../../src/codec/encoded.js'
import { IncomingCall } from '../../src/peer/incoming-call.js'
import { Outbox, partBytes } from '../../src/peer/outbox.js'
import { Parts } from '../../src/peer/parts.js'
import { Peer } from '../../src/peer/peer.js'
import { type Batch, CancelReason, type Frame, type FrameKind } from '../../src/wire/wire.js'
import { Recorder, request } from '../support/peers.js'
import { turn } from '../support/within.js'

const mebibyte = 1024 * 1024

test("PAYLOAD-03, STREAM-01: each call's values leave whole and in order, however they are taken", async () => {
  const push = fc.record({
    call: fc.integer({ min: 1, max: 4 }),
    size: fc.oneof(
      fc.nat(100),
      fc.integer({ min: 50_000, max: partBytes }),
      fc.integer({ min: partBytes, max: 4 * partBytes }),
    ),
  })
  const acts = fc.array(
    fc.oneof({ arbitrary: push, weight: 5 }, { arbitrary: fc.constant('take' as const), weight: 1 }),
    {
      maxLength: 40,
    },
  )
  await fc.assert(
    fc.asyncProperty(acts, async (script) => {
      const outbox = new Outbox()
      const pushed = new Map<number, number[]>()
      const batches = outbox[Symbol.asyncIterator]()
      const received = new Receiver()
      let due = 0
      for (const act of script) {
        if (act === 'take') {
          if (received.values < due) received.take((await batches.next()).value as Batch)
          continue
        }
        const { call, size } = act
        pushed.set(call, [...(pushed.get(call) ?? []), size])
        outbox.pushValue(call, new Uint8Array(size), (body) => items(call, body))
        due++
      }
      outbox.end()
      for (let step = await batches.next(); step.done !== true; step = await batches.next()) received.take(step.value)
      assert.equal(new Map([...received.sizes].sort()), new Map([...pushed].sort()))
      assert.ok(received.largest <= 2 * mebibyte + partBytes, `a message of ${received.largest} bytes`)
    }),
    { numRuns: 300 },
  )
})

test('STREAM-06: what is pushed to an idle wire is there at once, and what waits leaves together', async () => {
  const outbox = new Outbox()
  const batches = outbox[Symbol.asyncIterator]()
  const first = batches.next()
  outbox.push({ $case: 'ping', value: { nonce: 1 } })
  assert.is((await first).value.frames.length, 1)
  for (const nonce of [2, 3, 4]) outbox.push({ $case: 'ping', value: { nonce } })
  assert.is((await batches.next()).value.frames.length, 3)
  outbox.end()
  assert.is((await batches.next()).done, true)
})

test('PAYLOAD-03: a large value gives way to small frames in every message', async () => {
  const outbox = new Outbox()
  const batches = outbox[Symbol.asyncIterator]()
  outbox.pushValue(1, new Uint8Array(8 * mebibyte), (body) => items(1, body))
  for (let nonce = 0; nonce < 7; nonce++) {
    outbox.push({ $case: 'ping', value: { nonce } })
    const { frames } = (await batches.next()).value as Batch
    assert.equal(
      frames.map(({ kind }) => kind?.$case),
      ['ping', 'part'],
    )
  }
})

test('PAYLOAD-03: items written in one turn never share a frame that would have to be cut', async () => {
  const scene = fc.array(
    fc.oneof(fc.nat(300), fc.integer({ min: 60_000, max: 70_000 }), fc.integer({ min: 0, max: 3 * mebibyte })),
    {
      maxLength: 40,
    },
  )
  await fc.assert(
    fc.asyncProperty(scene, async (sizes) => {
      const outbox = new Outbox()
      const call = new IncomingCall(
        { ...start, stream: true, window: { items: 1000, bytes: 2 ** 40 } },
        outbox,
        () => {},
      )
      for (const size of sizes) call.write(new Uint8Array(size))
      await turn()
      call.succeed(null)
      outbox.end()
      let first = 0
      let cut = false
      for await (const { frames } of outbox) {
        for (const { kind } of frames) {
          if (kind?.$case === 'part') cut = true
          if (kind?.$case !== 'items') continue
          assert.is(kind.value.first, first)
          first += kind.value.sizes.length
          if (cut) assert.is(kind.value.sizes.length, 1, 'the end of a cut value is one item')
          cut = false
        }
      }
      assert.is(first, sizes.length)
    }),
    { numRuns: 60, examples: [[Array(40).fill(60_000)]] },
  )
})

test('STREAM-10: progress that is reported after an item leaves after it', async () => {
  const outbox = new Outbox()
  const call = new IncomingCall({ ...start, stream: true, window: { items: 10, bytes: 1000 } }, outbox, () => {})
  call.write('one')
  call.progress(1)
  call.write('two')
  call.succeed(null)
  outbox.end()
  const kinds: unknown[] = []
  for await (const { frames } of outbox) kinds.push(...frames.map(({ kind }) => kind?.$case))
  assert.equal(kinds, ['items', 'progress', 'items', 'end'])
})

const start = {
  call: 2,
  tool: 't',
  arguments: new Uint8Array(0),
  stream: false,
  window: undefined,
  timeLeftMs: 0,
  session: undefined,
  metadata: {},
  input: false,
}

test('PAYLOAD-03, CANCEL-01: a call that is cancelled sends no more of its arguments, and ends here', async () => {
  const host = new Peer({ side: 'host', handler: () => undefined })
  const batches = host.outbox[Symbol.asyncIterator]()
  const recorder = new Recorder().begin(host, request('takes', { data: new Uint8Array(200 * mebibyte) }))
  const other = new Recorder().begin(host, request('takes', { data: new Uint8Array(3 * mebibyte) }))
  let sent = 0
  const kinds = new Map<string, number>()
  const count = ({ frames }: Batch) => {
    for (const { kind } of frames) {
      const call = kind !== undefined && 'call' in kind.value ? kind.value.call : 0
      kinds.set(`${kind?.$case} ${call}`, (kinds.get(`${kind?.$case} ${call}`) ?? 0) + 1)
      if (kind?.$case === 'part' && call === recorder.call.id) sent += kind.value.data.length
    }
  }
  for (let taken = 0; taken < 4; taken++) count((await batches.next()).value)
  assert.is(sent, 2 * mebibyte)
  recorder.call.cancel('aborted')
  assert.equal(recorder.ends, [{ type: 'cancelled', rung: 'not_started' }])
  assert.is(host.running, 1)
  host.outbox.end()
  for (let step = await batches.next(); step.done !== true; step = await batches.next()) count(step.value)
  assert.is(sent, 2 * mebibyte)
  const [dropped, kept] = [recorder.call.id, other.call.id]
  assert.equal(
    [`start ${dropped}`, `cancel ${dropped}`, `start ${kept}`].map((kind) => kinds.get(kind) ?? 0),
    [0, 1, 1],
  )
})

test('PAYLOAD-03, CANCEL-01: a cancel before the start frees what has come of the arguments', () => {
  const started: number[] = []
  const worker = new Peer({ side: 'worker', handler: ({ start }) => void started.push(start.arguments.length) })
  const part = (call: number): Frame => ({ kind: { $case: 'part', value: { call, data: new Uint8Array(mebibyte) } } })
  // More than may be begun at a time, if they were kept.
  for (let call = 1; call < 20_100; call += 2) {
    worker.receive([part(call), { kind: { $case: 'cancel', value: { call, reason: CancelReason.ABORTED } } }])
  }
  assert.equal(started, [])
})

/** Joins parts as the other side does, and notes the size of each value. */
class Receiver {
  readonly sizes = new Map<number, number[]>()
  readonly #parts = new Parts()
  values = 0
  largest = 0

  take({ frames }: Batch): void {
    let bytes = 0
    for (const { kind } of frames) {
      if (kind?.$case === 'part') {
        bytes += kind.value.data.length
        this.#parts.add(kind.value)
      } else if (kind?.$case === 'items') {
        bytes += kind.value.body.length
        const { call, body: encoded } = this.#parts.join(kind.value.call, kind.value, 'body')
        const body = copyFrom(encoded, 0)
        this.sizes.set(call, [...(this.sizes.get(call) ?? []), body.length])
        this.values++
      }
    }
    this.largest = Math.max(this.largest, bytes)
  }
}

function items(call: number, body: Uint8Array): FrameKind {
  return { $case: 'items', value: { call, first: 0, sizes: [body.length], body, marks: [] } }
}

test.run()
