// What every transport promises, asked of each of them: order, both directions, one end, and nothing left behind.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Batch, Wire } from '../../src/wire/wire.js'
import { bulk, dataOf, noncesOf, pings } from '../support/batches.js'
import { deferred } from '../support/deferred.js'
import { rejection } from '../support/rejection.js'
import { type Connection, Turned, type WireSubject, wireSubjects } from '../support/wire-subjects.js'
import { within } from '../support/within.js'

const never = () => new AbortController().signal

for (const subject of wireSubjects) contract(subject)

function contract({ name, label, connect }: WireSubject): void {
  test(`WIRE-02, WIRE-06: ${name}: what is sent comes back, in order, while both sides speak`, async () => {
    await using scene = await open(echo)
    const outgoing = new Turned()
    const incoming = attached(scene.wire, outgoing)
    for (let nonce = 1; nonce <= 500; nonce++) outgoing.push(pings(nonce, nonce))
    const seen: number[] = []
    while (seen.length < 1000) seen.push(...noncesOf(await take(incoming)))
    assert.equal(
      seen,
      Array.from({ length: 1000 }, (_, index) => 1 + (index >> 1)),
    )
    outgoing.end()
    assert.is((await within(incoming.next(), 'the end')).done, true)
  })

  test(`WIRE-06: ${name}: the far end may speak first`, async () => {
    await using scene = await open(async function* (incoming) {
      yield pings(7)
      yield* incoming
    })
    const incoming = attached(scene.wire, new Turned())
    assert.equal(noncesOf(await take(incoming)), [7])
  })

  test(`WIRE-06: ${name}: frames of one message stay together`, async () => {
    await using scene = await open(echo)
    const outgoing = new Turned()
    const incoming = attached(scene.wire, outgoing)
    outgoing.push(pings(1, 2, 3))
    outgoing.push(pings())
    outgoing.push(pings(4))
    assert.equal(noncesOf(await take(incoming)), [1, 2, 3])
    assert.equal(noncesOf(await take(incoming)), [])
    assert.equal(noncesOf(await take(incoming)), [4])
  })

  test(`WIRE-06, SEC-03: ${name}: messages up to the limit of 16 MiB pass whole`, async () => {
    await using scene = await open(echo)
    const outgoing = new Turned()
    const incoming = attached(scene.wire, outgoing)
    for (const size of [0, 1, 1024 * 1024, 4 * 1024 * 1024 + 1, 16 * 1024 * 1024 - 32]) {
      // Letters: JSON carries nothing but text.
      const data = new Uint8Array(size).fill(97 + (size % 26))
      outgoing.push(bulk(1, data))
      assert.is(Buffer.compare(dataOf(await take(incoming)), data), 0, `${size} bytes`)
    }
  })

  test(`WIRE-06: ${name}: the far end ends: what it said is read, then the wire ends quietly`, async () => {
    await using scene = await open(async function* () {
      for (let nonce = 1; nonce <= 50; nonce++) yield pings(nonce)
    })
    const incoming = attached(scene.wire, new Turned())
    const seen: number[] = []
    for await (const batch of { [Symbol.asyncIterator]: () => incoming }) seen.push(...noncesOf(batch))
    assert.is(seen.length, 50)
  })

  test(`WIRE-06: ${name}: the host ends: the far end has read everything`, async () => {
    const seen: number[] = []
    await using scene = await open(async function* (incoming) {
      for await (const batch of incoming) seen.push(...noncesOf(batch))
      yield* []
    })
    const outgoing = new Turned()
    const incoming = attached(scene.wire, outgoing)
    for (let nonce = 1; nonce <= 50; nonce++) outgoing.push(pings(nonce))
    outgoing.end()
    assert.is((await within(incoming.next(), 'the end')).done, true)
    await within(scene.left, 'the end of the far side')
    assert.is(seen.length, 50)
  })

  test(`WIRE-06, CANCEL-04: ${name}: an abort ends a silent wire at once, at both ends`, async () => {
    await using scene = await open(silent)
    const abort = new AbortController()
    const outgoing = new Turned()
    const incoming = scene.wire.attach(outgoing, abort.signal)[Symbol.asyncIterator]()
    outgoing.push(pings(1))
    const pending = incoming.next()
    await scene.spoken()
    abort.abort()
    assert.is((await within(pending, 'the end')).done, true)
    await within(scene.left, 'the end of the far side')
    assert.is((await incoming.next()).done, true)
  })

  test(`WIRE-06: ${name}: an abort before the start opens nothing`, async () => {
    await using scene = await open(silent)
    const incoming = scene.wire.attach(new Turned(), AbortSignal.abort())[Symbol.asyncIterator]()
    assert.is((await within(incoming.next(), 'the end')).done, true)
  })

  test(`WIRE-06: ${name}: nothing is read after an abort, whatever had arrived`, async () => {
    await using scene = await open(async function* () {
      for (let nonce = 1; nonce <= 50; nonce++) yield pings(nonce)
      await new Promise<never>(() => {})
    })
    const abort = new AbortController()
    const incoming = scene.wire.attach(new Turned(), abort.signal)[Symbol.asyncIterator]()
    await take(incoming)
    abort.abort()
    assert.is((await within(incoming.next(), 'the end')).done, true)
  })

  test(`WIRE-06: ${name}: leaving the iteration ends the far side`, async () => {
    await using scene = await open(chatter)
    const incoming = attached(scene.wire, new Turned())
    await take(incoming)
    await within(incoming.return?.() as Promise<unknown>, 'the return')
    await within(scene.left, 'the end of the far side')
    assert.is((await incoming.next()).done, true)
  })

  test(`WIRE-06, ERR-04: ${name}: outgoing batches that cannot be made break the wire with transport_failed`, async () => {
    await using scene = await open(silent)
    const outgoing = new Turned()
    const incoming = attached(scene.wire, outgoing)
    const pending = incoming.next()
    pending.catch(() => undefined)
    outgoing.push(pings(1))
    await scene.spoken()
    outgoing.fail(new Error('no more batches'))
    const error = await rejection(pending, 'transport_failed')
    assert.match(error.message, /no more batches/)
    await within(scene.left, 'the end of the far side')
  })

  test(`WIRE-06: ${name}: close ends what is attached, and may be called again`, async () => {
    await using scene = await open(silent)
    const outgoing = new Turned()
    const incoming = attached(scene.wire, outgoing)
    outgoing.push(pings(1))
    const pending = incoming.next().then(
      () => 'ended',
      () => 'failed',
    )
    await scene.spoken()
    scene.wire.close()
    scene.wire.close()
    await within(pending, 'the end')
    await within(scene.left, 'the end of the far side')
    scene.wire.close()
  })

  test(`WIRE-06: ${name}: the name tells where it leads`, async () => {
    await using scene = await open(silent)
    assert.match(scene.wire.name, label)
  })

  /** A connection whose far end tells when it was spoken to. */
  async function open(
    farEnd: (incoming: AsyncIterable<Batch>, signal: AbortSignal) => AsyncIterable<Batch>,
  ): Promise<Connection & AsyncDisposable & { spoken(): Promise<void> }> {
    const spoken = deferred()
    const connection = await connect((incoming, signal) => farEnd(told(incoming, spoken.resolve), signal))
    return {
      ...connection,
      spoken: () => within(spoken.promise, 'the first word'),
      [Symbol.asyncDispose]: connection.close,
    }
  }
}

async function* told(incoming: AsyncIterable<Batch>, tell: () => void): AsyncGenerator<Batch> {
  for await (const batch of incoming) {
    tell()
    yield batch
  }
}

async function* echo(incoming: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  yield* incoming
}

/** Reads, and says nothing until the host is gone. */
async function* silent(incoming: AsyncIterable<Batch>): AsyncGenerator<Batch> {
  for await (const _ of incoming);
  yield* []
}

/** Speaks without end; what it is told does not matter. */
async function* chatter(_incoming: AsyncIterable<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
  for (let nonce = 1; !signal.aborted; nonce++) {
    yield pings(nonce)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function attached(wire: Wire, outgoing: AsyncIterable<Batch>): AsyncIterator<Batch> {
  return wire.attach(outgoing, never())[Symbol.asyncIterator]()
}

async function take(incoming: AsyncIterator<Batch>): Promise<Batch> {
  const step = await within(incoming.next(), 'the next batch')
  if (step.done === true) throw new Error('the wire ended where a batch was due')
  return step.value
}

test.run()
