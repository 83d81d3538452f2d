// The laws of many calls on one wire, over windows, sizes, paces and moments that fast-check chooses.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeValue, encodeValue } from '../../src/codec/msgpack.js'
import type { Window, Wire } from '../../src/wire/wire.js'
import { pair as pairOver, peerWires, Recorder, request, type Tools } from '../support/peers.js'
import { quiet, turn, until } from '../support/within.js'

const mebibyte = 1024 * 1024
const windows = fc.record({
  items: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })),
  bytes: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3000 }), fc.constant(mebibyte)),
})
const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2000 })), { maxLength: 120 })
/** Turns of the event loop that a consumer waits before each item. */
const paces = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 })

/** A tool that yields an item of each size, counting how far it is. */
class Producer {
  produced = 0
  producedBytes = 0
  left = 0

  async *run(of: readonly number[]): AsyncGenerator<unknown> {
    try {
      for (const [index, size] of of.entries()) {
        const item = { index, pad: 'x'.repeat(size) }
        this.produced++
        this.producedBytes += encodeValue(item).length
        yield item
        if (index % 7 === 3) await turn()
      }
    } finally {
      this.left++
    }
  }

  tools(of: readonly number[]): Tools {
    return { produce: () => this.run(of) }
  }
}

for (const { name, connect } of peerWires) laws(name, connect)

function laws(name: string, connect: () => Promise<readonly [Wire, Wire]>): void {
  const pair = async (tools: Tools, hostTools: Tools = {}) => pairOver(tools, hostTools, await connect())

  test(`STREAM-01, STREAM-07: ${name}: all items come once and in order, and the producer stays within the window`, async () => {
    await fc.assert(
      fc.asyncProperty(windows, sizes, paces, async (window, of, pace) => {
        const producer = new Producer()
        await using talk = await pair(producer.tools(of))
        const recorder = new Recorder().begin(talk.host, request('produce', {}, window))
        let taken = 0
        let takenBytes = 0
        const end = await recorder.drain(async () => {
          for (let left = pace[taken % pace.length] as number; left > 0; left--) await turn()
          for (; taken < recorder.chunks.length; taken++) takenBytes += encodeValue(recorder.chunks[taken]?.data).length
          // One more may be on its way to be sent: it was asked for while the window was open.
          assert.ok(
            producer.produced - taken <= window.items,
            `${producer.produced - taken} items ahead of ${window.items}`,
          )
          assert.ok(producer.producedBytes - takenBytes < window.bytes + largest(of), 'bytes ahead of the window')
        })
        assert.is(end.type, 'ok')
        assert.equal(
          recorder.data.map((data) => (data as { index: number }).index),
          of.map((_, index) => index),
        )
        assert.equal(
          recorder.chunks.map(({ seq }) => seq),
          of.map((_, index) => index),
        )
        assert.is(recorder.ends.length, 1)
        assert.equal(recorder.late, [])
        assert.is(producer.left, 1)
        assert.is(talk.host.running, 0)
      }),
      { numRuns: 150 },
    )
  })

  test(`STREAM-07: ${name}: a consumer that takes nothing holds the producer at the window, to the item`, async () => {
    for (const items of [1, 2, 7, 256]) {
      const producer = new Producer()
      await using talk = await pair(producer.tools(Array(1000).fill(0)))
      const recorder = new Recorder().begin(talk.host, request('produce', {}, { items, bytes: mebibyte }))
      await until(() => producer.produced === items, 'a full window')
      await quiet()
      assert.is(producer.produced, items)
      recorder.take(1)
      await quiet()
      // Credit is told by half windows.
      assert.is(producer.produced, items <= 2 ? items + 1 : items)
      await recorder.drain()
      assert.is(recorder.chunks.length, 1000)
    }
  })

  test(`STREAM-07: ${name}: one item larger than the byte window passes, and the next one waits for it`, async () => {
    const producer = new Producer()
    await using talk = await pair(producer.tools([5000, 5000, 5000]))
    const recorder = new Recorder().begin(talk.host, request('produce', {}, { items: 100, bytes: 1 }))
    await until(() => !recorder.call.drained, 'the first item')
    await quiet()
    assert.is(producer.produced, 1)
    assert.is((await recorder.drain()).type, 'ok')
    assert.is(recorder.chunks.length, 3)
  })

  test(`STREAM-01, CANCEL-04: ${name}: cancelled at any point, nothing comes after, and there is exactly one end`, async () => {
    const scene = fc.tuple(windows, sizes, fc.nat(60), fc.nat(6))
    await fc.assert(
      fc.asyncProperty(scene, async ([window, of, after, turns]) => {
        const producer = new Producer()
        await using talk = await pair(producer.tools(of))
        const recorder = new Recorder().begin(talk.host, request('produce', {}, window))
        for (let left = turns; left > 0; left--) {
          recorder.take(after)
          await turn()
        }
        // A call that has ended cannot be cancelled any more: what came before its end can still be taken.
        if (recorder.ends.length > 0) return
        recorder.call.cancel('aborted')
        recorder.call.cancel('timeout')
        const taken = recorder.chunks.length
        assert.is(recorder.call.take(), undefined)
        const end = await recorder.end()
        await quiet(5)
        recorder.take()
        assert.is(recorder.chunks.length, taken, 'an item came after the cancel')
        assert.ok(end.type === 'cancelled' || end.type === 'ok', end.type)
        assert.is(recorder.ends.length, 1)
        assert.equal(recorder.late, [])
        assert.is(producer.left, producer.produced > 0 || end.type === 'ok' ? 1 : 0, 'finally ran')
        assert.is(talk.host.running, 0)
      }),
      { numRuns: 200 },
    )
  })

  test(`STREAM-01, BRIDGE-01: ${name}: many calls in both directions at once, each with its own answer`, async () => {
    const call = fc.record({
      fromHost: fc.boolean(),
      window: fc.option(windows, { nil: undefined }),
      of: fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 30 }),
      cancelAfter: fc.option(fc.nat(10), { nil: undefined }),
    })
    const echoing = (): Tools => ({
      produce: ({ of }) => new Producer().run(of as number[]),
      total: async ({ of }) => {
        await turn()
        return (of as number[]).length
      },
    })
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 25 }), async (calls) => {
        await using talk = await pair(echoing(), echoing())
        await Promise.all(
          calls.map(async ({ fromHost, window, of, cancelAfter }, index) => {
            const peer = fromHost ? talk.host : talk.worker
            const recorder = new Recorder().begin(peer, request(window ? 'produce' : 'total', { of }, window))
            let steps = 0
            const end = await recorder.drain(async () => {
              if ((index + steps) % 3 === 0) await turn()
              if (steps++ === cancelAfter) recorder.call.cancel('aborted')
            })
            assert.equal(
              recorder.data,
              of.slice(0, recorder.chunks.length).map((size, at) => ({ index: at, pad: 'x'.repeat(size) })),
            )
            if (end.type === 'ok' && window === undefined) assert.is(decodeValue(end.value), of.length)
            if (cancelAfter === undefined) {
              assert.is(end.type, 'ok')
              if (window !== undefined) assert.is(recorder.chunks.length, of.length)
            }
            assert.is(recorder.ends.length, 1)
          }),
        )
        assert.is(talk.host.running, 0)
        assert.is(talk.worker.running, 0)
      }),
      { numRuns: 60 },
    )
  })

  test(`PAYLOAD-03: ${name}: values larger than a frame are cut, joined again, and keep their place among small ones`, async () => {
    const lengths = [0, 1, mebibyte - 20, mebibyte, mebibyte + 1, 2 * mebibyte, 5 * mebibyte + 7, 3, 9 * mebibyte]
    await using talk = await pair({
      echo: ({ value }) => value,
      *produce() {
        for (const [index, length] of lengths.entries()) yield new Uint8Array(length).fill(index)
        return new Uint8Array(3 * mebibyte).fill(99)
      },
    })
    for (const length of lengths) {
      const value = new Uint8Array(length).fill(length % 250)
      const end = await new Recorder().begin(talk.host, request('echo', { value })).end()
      if (end.type !== 'ok') throw new Error(end.type)
      assert.is(Buffer.compare(decodeValue(end.value) as Uint8Array, value), 0)
    }
    for (const window of [
      { items: 1, bytes: 1 },
      { items: 256, bytes: mebibyte },
      { items: 256, bytes: 64 * mebibyte },
    ]) {
      const recorder = new Recorder().begin(talk.host, request('produce', {}, window))
      const end = await recorder.drain()
      assert.equal(
        recorder.data.map((data) => [(data as Uint8Array).length, (data as Uint8Array)[0]]),
        lengths.map((length, index) => [length, length === 0 ? undefined : index]),
      )
      if (end.type !== 'ok') throw new Error(end.type)
      assert.is((decodeValue(end.value) as Uint8Array).length, 3 * mebibyte)
    }
  })

  test(`PAYLOAD-03: ${name}: items that were written in one turn keep their order in front of a large end`, async () => {
    // More small items than fit into one message, and behind them a final value that is cut.
    const count = 60
    await using talk = await pair({
      async *burst() {
        for (let index = 0; index < count; index++) yield { index, pad: new Uint8Array(60_000) }
        return new Uint8Array(4 * mebibyte)
      },
    })
    for (let round = 0; round < 5; round++) {
      const recorder = new Recorder().begin(talk.host, request('burst', {}, { items: 1000, bytes: 64 * mebibyte }))
      const end = await recorder.drain()
      assert.is(end.type, 'ok')
      assert.is(recorder.chunks.length, count)
    }
  })

  test(`STREAM-06, PAYLOAD-03: ${name}: small calls overtake a large value`, async () => {
    const order: string[] = []
    await using talk = await pair({
      size: ({ value }) => (value as Uint8Array).length,
      ping: () => 'pong',
    })
    const large = new Recorder().begin(talk.host, request('size', { value: new Uint8Array(48 * mebibyte) }))
    const small = new Recorder().begin(talk.host, request('ping'))
    void large.end().then(() => order.push('large'))
    void small.end().then(() => order.push('small'))
    await Promise.all([large.end(), small.end()])
    assert.equal(order, ['small', 'large'])
  })

  test(`PAYLOAD-03: ${name}: large values of several calls take turns`, async () => {
    await using talk = await pair({ size: ({ value }) => (value as Uint8Array).length })
    const ended: number[] = []
    const calls = [24, 3, 3, 3].map((size, index) => {
      const recorder = new Recorder().begin(talk.host, request('size', { value: new Uint8Array(size * mebibyte) }))
      return recorder.end().then(() => ended.push(index))
    })
    await Promise.all(calls)
    assert.is(ended.at(-1), 0, 'the largest, though the first, ends last')
  })

  test(`STREAM-08: ${name}: a stream much longer than its window holds no more than the window`, async () => {
    const window: Window = { items: 16, bytes: 4096 }
    const producer = new Producer()
    await using talk = await pair(producer.tools(Array(20_000).fill(10)))
    const recorder = new Recorder().begin(talk.host, request('produce', {}, window))
    let most = 0
    let count = 0
    await recorder.drain(() => {
      count += recorder.chunks.length
      recorder.chunks.length = 0
      most = Math.max(most, producer.produced - count)
    })
    assert.is(count, 20_000)
    assert.ok(most <= window.items, `${most} items ahead`)
  })

  test(`STREAM-10: ${name}: progress comes apart from the items, in its place among them`, async () => {
    await using talk = await pair({
      async *work(_, call) {
        for (const step of [1, 2, 3]) {
          call.progress({ step })
          yield step
        }
      },
    })
    const recorder = new Recorder().begin(talk.host, request('work', {}, { items: 1, bytes: 1 }))
    const seen: unknown[] = []
    await recorder.drain(() => {
      seen.push([recorder.reports.length, recorder.chunks.length])
    })
    assert.equal(recorder.reports, [{ step: 1 }, { step: 2 }, { step: 3 }])
    assert.equal(recorder.data, [1, 2, 3])
    assert.ok(recorder.chunks.every((_, index) => index < recorder.reports.length))
  })
}

function largest(of: readonly number[]): number {
  return encodeValue({ index: 1000, pad: 'x'.repeat(Math.max(0, ...of)) }).length
}

test.run()
