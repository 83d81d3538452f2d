// What only a stream of bytes can do wrong: lie about lengths, end within a message, and be read too slowly. And what
// the system says of the process at the other end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { maxMessageBytes } from '../../src/wire/pipe/frames/limits.js'
import { jsonFrames } from '../../src/wire/pipe/json-frames.js'
import { MessageCutter } from '../../src/wire/pipe/message-cutter.js'
import { msgpackFrames } from '../../src/wire/pipe/msgpack-frames.js'
import { pipeWire } from '../../src/wire/pipe/pipe-wire.js'
import type { Batch, Wire } from '../../src/wire/wire.js'
import { all } from '../support/all.js'
import { bulk, dataOf, noncesOf, pings } from '../support/batches.js'
import { eventually } from '../support/eventually.js'
import { isSuspended } from '../support/processes.js'
import { rejection } from '../support/rejection.js'
import { socketPair } from '../support/socket-pair.js'
import { pipeWires, Turned } from '../support/wire-subjects.js'
import { quiet, within } from '../support/within.js'

const never = () => new AbortController().signal
const mebibyte = 1024 * 1024

/** A stream whose other side a test plays: what it pushes is read, what is written is collected. */
class Played extends Duplex {
  readonly written: Buffer[] = []
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk)
    done()
  }
}

function incoming(wire: Wire, outgoing: AsyncIterable<Batch> = new Turned()): AsyncIterator<Batch> {
  return wire.attach(outgoing, never())[Symbol.asyncIterator]()
}

for (const codec of [msgpackFrames, jsonFrames]) {
  const batches = [pings(1, 2, 3), pings(), bulk(4, new Uint8Array(300).fill(97)), pings(5)]
  const bytes = Buffer.concat(batches.flatMap((batch) => codec.encode(batch)))
  /** Where one message ends and the next begins. */
  const borders = [0]
  for (const batch of batches) borders.push((borders.at(-1) ?? 0) + Buffer.concat(codec.encode(batch)).length)

  test(`WIRE-03: ${codec.name}: messages are the same however the stream is cut`, async () => {
    for (let cut = 1; cut < bytes.length; cut++) {
      const stream = new Played()
      for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) stream.push(part)
      stream.push(null)
      const read = await all(pipeWire(stream, codec).attach(new Turned(), never()))
      assert.ok(isDeepStrictEqual(read, batches), `cut at ${cut}`)
    }
    const stream = new Played()
    for (const byte of bytes) stream.push(Buffer.of(byte))
    stream.push(null)
    assert.ok(isDeepStrictEqual(await all(pipeWire(stream, codec).attach(new Turned(), never())), batches))
  })

  test(`WIRE-03: ${codec.name}: an end within a message is transport_failed, after what came whole`, async () => {
    for (let end = 0; end <= bytes.length; end++) {
      const stream = new Played()
      if (end > 0) stream.push(bytes.subarray(0, end))
      stream.push(null)
      const seen: Batch[] = []
      const reading = (async () => {
        for await (const batch of pipeWire(stream, codec).attach(new Turned(), never())) seen.push(batch)
      })()
      const whole = borders.filter((border) => border <= end).length - 1
      if (borders.includes(end)) await reading
      else
        assert.match((await rejection(reading, 'transport_failed')).message, /it ended within a message, of which \d/)
      assert.ok(isDeepStrictEqual(seen, batches.slice(0, whole)), `ended at ${end}`)
      assert.ok(stream.destroyed)
    }
  })

  test(`SEC-03, WIRE-03: ${codec.name}: a length out of bounds is protocol_error, after what came before it`, async () => {
    for (const length of [0, maxMessageBytes + 1, 2 ** 31, 2 ** 32 - 1]) {
      const head = Buffer.alloc(4)
      head.writeUInt32BE(length)
      for (const parts of [[head], [head.subarray(0, 1), head.subarray(1)]]) {
        const stream = new Played()
        for (const part of [...codec.encode(pings(7)), ...parts]) stream.push(part)
        const wire = incoming(pipeWire(stream, codec))
        assert.equal(noncesOf((await wire.next()).value), [7])
        const error = await rejection(wire.next(), 'protocol_error')
        assert.match(
          error.message,
          new RegExp(`announced a message of ${length} bytes: expected 1 to ${maxMessageBytes}`),
        )
        assert.is((await wire.next()).done, true)
        assert.ok(stream.destroyed)
      }
    }
  })

  test(`SEC-03, WIRE-03: ${codec.name}: a message that is no batch ends the wire, and nothing behind it is read`, async () => {
    const stream = new Played()
    for (const part of [...codec.encode(pings(1)), Buffer.from([0, 0, 0, 1, 0x07]), ...codec.encode(pings(2))]) {
      stream.push(part)
    }
    const wire = incoming(pipeWire(stream, codec))
    assert.equal(noncesOf((await wire.next()).value), [1])
    const error = await rejection(wire.next(), 'protocol_error')
    assert.ok(error.mayHaveRun)
    assert.is((await wire.next()).done, true)
    assert.ok(stream.destroyed)
  })
}

test('SEC-03: a length alone takes little memory, and an ordinary message is allocated once', () => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(maxMessageBytes)
  const before = process.memoryUsage().arrayBuffers
  const cutters = Array.from({ length: 20 }, () => new MessageCutter())
  const whole: Uint8Array[] = []
  for (const cutter of cutters) cutter.push(head, whole)
  assert.ok(process.memoryUsage().arrayBuffers - before <= 20 * 2.1 * mebibyte)
  const [cutter] = cutters as [MessageCutter]
  assert.is(cutter.unfinished, `0 of its ${maxMessageBytes} bytes`)
  // What comes makes room for a few times as much.
  const chunk = Buffer.alloc(65_536, 'x')
  for (let left = maxMessageBytes / chunk.length; left > 0; left--) {
    assert.is(whole.length, 0)
    cutter.push(chunk, whole)
  }
  assert.is(whole[0]?.length, maxMessageBytes)
  assert.ok(whole[0]?.every((byte) => byte === 120))
})

test('WIRE-03: a message within one chunk is a view of it', () => {
  const chunk = Buffer.concat(msgpackFrames.encode(bulk(1, new Uint8Array(1000))))
  const whole: Uint8Array[] = []
  new MessageCutter().push(chunk, whole)
  assert.is(whole[0]?.buffer, chunk.buffer)
})

test('STREAM-08: a reader that is slow holds the other side back, and gets everything', async () => {
  const [near, far] = await pipeWires()
  let sent = 0
  const speak = async function* () {
    for (; sent < 64; sent++) yield bulk(sent, new Uint8Array(mebibyte).fill(sent))
  }
  void all(far.attach(speak(), never())).catch(() => undefined)
  const reading = incoming(near)
  assert.is(dataOf((await reading.next()).value)[0], 0)
  await quiet(200)
  assert.ok(sent < 12, `${sent} MiB were sent to a reader that had read one`)
  for (let index = 1; index < 64; index++) {
    const data = dataOf((await within(reading.next(), 'the next batch')).value)
    assert.is(data.length, mebibyte)
    assert.is(data[0], index)
  }
  assert.is((await within(reading.next(), 'the end')).done, true)
})

test('STREAM-06: one batch leaves by one write, also where its value is sent as it lies', async () => {
  const stream = new Played()
  let writes = 0
  stream._writev = (chunks, done) => {
    writes++
    stream.written.push(...chunks.map(({ chunk }) => chunk as Buffer))
    done()
  }
  const outgoing = new Turned()
  const data = new Uint8Array(mebibyte)
  outgoing.push(bulk(1, data))
  outgoing.push(pings(1))
  outgoing.end()
  const reading = incoming(pipeWire(stream, msgpackFrames), outgoing).next()
  await within(once(stream, 'finish'), 'the end of what is sent')
  assert.is(writes, 1)
  assert.is(stream.written.length, 3)
  assert.is(stream.written[1]?.buffer, data.buffer)
  stream.push(null)
  assert.is((await reading).done, true)
})

test('WIRE-03, FAULT-01: a far end that is gone is transport_failed in words', async () => {
  const [near, far] = await socketPair()
  const outgoing = new Turned()
  const reading = incoming(pipeWire(near, msgpackFrames), outgoing)
  const pending = reading.next()
  pending.catch(() => undefined)
  outgoing.push(bulk(1, new Uint8Array(4 * mebibyte)))
  await within(once(far, 'readable'), 'the first bytes')
  // What it has not read is lost: the system tells so.
  far.destroy()
  const error = await rejection(pending, 'transport_failed')
  assert.match(
    error.message,
    /the connection to the worker failed \(pipe \(msgpack\)\): the worker .* \((EPIPE|ECONNRESET)\)/,
  )
  assert.ok(error.mayHaveRun)
  assert.is((await reading.next()).done, true)
})

test('WIRE-03: a stream that broke before anybody attached fails the attachment, not the program', async () => {
  const stream = new Played()
  const wire = pipeWire(stream, msgpackFrames)
  stream.destroy(new Error('broken before'))
  await quiet()
  assert.match((await rejection(incoming(wire).next(), 'transport_failed')).message, /broken before/)
  const closed = pipeWire(new Played(), msgpackFrames)
  closed.close()
  assert.is((await incoming(closed).next()).done, true)
  assert.throws(() => incoming(closed), /attached before/)
})

test('SEC-03: a frame that is too large breaks the wire with the limit, before anything of it is sent', async () => {
  const stream = new Played()
  const outgoing = new Turned()
  outgoing.push(bulk(1, new Uint8Array(maxMessageBytes)))
  const error = await rejection(incoming(pipeWire(stream, msgpackFrames), outgoing).next(), 'protocol_error')
  assert.match(error.message, /a frame 'part' of \d+ bytes cannot be sent/)
  assert.equal(stream.written, [])
})

test('WIRE-03: a child that inherits the stream reads and writes it, and its end is the end', async () => {
  const script = [
    'import socket',
    'pipe = socket.socket(fileno=3)',
    'while data := pipe.recv(65536):',
    '    pipe.sendall(data)',
  ].join('\n')
  const child = spawn(process.env.SNAKEPIT_PYTHON ?? 'python3', ['-c', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  const exit = once(child, 'exit')
  const wire = pipeWire(child.stdio[3] as unknown as Socket, msgpackFrames, child.pid)
  const outgoing = new Turned()
  const reading = incoming(wire, outgoing)
  wire.unref()
  for (const size of [0, 10, 100_000, 5 * mebibyte]) {
    const data = new Uint8Array(size).fill(size % 251)
    outgoing.push(bulk(1, data))
    const { value } = await within(reading.next(), 'the echo', 30_000)
    assert.is(Buffer.compare(dataOf(value), data), 0)
  }
  assert.is(await wire.probe(never()), true)
  outgoing.end()
  assert.is((await within(reading.next(), 'the end')).done, true)
  await within(exit, 'the exit of the child')
  assert.is(await wire.probe(never()), false)
})

test('FAULT-05, WIRE-03: a process that is suspended owes its sign of life until it goes on', async () => {
  if (process.platform !== 'linux') return
  const { child, wire } = await sleeper()
  const pid = child.pid as number
  child.kill('SIGSTOP')
  await eventually(() => isSuspended(pid), 'the stop')
  let answer: boolean | undefined
  const probe = wire.probe(never()).then((answered) => {
    answer = answered
  })
  const abort = new AbortController()
  const left = wire.probe(abort.signal)
  await quiet(200)
  assert.is(answer, undefined)
  abort.abort()
  assert.is(await within(left, 'the answer to an abort'), false)
  child.kill('SIGCONT')
  await within(probe, 'the answer')
  assert.is(answer, true)
  child.kill('SIGKILL')
  wire.close()
})

test('FAULT-05, WIRE-03: a process that runs gives its sign of life, one that has ended gives none', async () => {
  const { child, wire } = await sleeper()
  assert.is(await wire.probe(never()), true)
  child.kill('SIGKILL')
  await within(once(child, 'exit'), 'the exit')
  assert.is(await wire.probe(never()), false)
  wire.close()
})

test('FAULT-05, WIRE-03: without a process, a stream that is open is the sign of life', async () => {
  const [near, far] = await pipeWires()
  assert.is(await near.probe(never()), true)
  assert.is(await near.probe(AbortSignal.abort()), false)
  near.close()
  assert.is(await near.probe(never()), false)
  far.close()
})

/** A process that does nothing, and a wire that takes it for the one at the other end. */
async function sleeper(): Promise<{ readonly child: ChildProcess; readonly wire: Wire }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' })
  const [near] = await socketPair()
  return { child, wire: pipeWire(near, msgpackFrames, child.pid) }
}

test.run()
