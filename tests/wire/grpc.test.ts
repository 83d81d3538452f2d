// What only a network transport can do wrong: refuse, break, and be somebody else.
import { execFileSync } from 'node:child_process'
import { ServerError, Status } from 'nice-grpc'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { grpcWire } from '../../src/wire/grpc/grpc-wire.js'
import type { Batch } from '../../src/wire/wire.js'
import { bulk, pings } from '../support/batches.js'
import { rejection } from '../support/rejection.js'
import { serve, Turned } from '../support/wire-subjects.js'
import { within } from '../support/within.js'

const address = '127.0.0.1:0'
const never = () => new AbortController().signal

test('SEC-01: a wrong, short or missing token is unauthenticated before a message is read', async () => {
  let read = 0
  const right = await serve(address, async function* (incoming) {
    for await (const _ of incoming) read++
    yield* []
  })
  const port = right.wire.name.split(':').at(-1)
  for (const token of ['b'.repeat(64), 'a', '']) {
    const wire = grpcWire(`127.0.0.1:${port}`, token)
    const outgoing = new Turned()
    outgoing.push(pings(1))
    const error = await rejection(wire.attach(outgoing, never())[Symbol.asyncIterator]().next(), 'unauthenticated')
    assert.is(error.category, 'transport')
    assert.not.match(error.message, /a{64}|b{64}/, 'no token in a message')
    wire.close()
  }
  assert.is(read, 0)
  await right.close()
})

test('WIRE-06, FAULT-01: a far end that dies breaks the wire with transport_failed', async () => {
  const connection = await serve(address, async function* (incoming) {
    yield pings(1)
    for await (const _ of incoming);
  })
  const incoming = connection.wire.attach(new Turned(), never())[Symbol.asyncIterator]()
  await within(incoming.next(), 'the first batch')
  const pending = incoming.next()
  await connection.kill()
  const error = await rejection(pending, 'transport_failed')
  assert.ok(error.mayHaveRun)
  assert.match(error.message, /connection to the worker failed \(grpc 127\.0\.0\.1:\d+\)/)
  await connection.close()
})

test('WIRE-06: a far end whose code throws breaks the wire, and its text is passed on', async () => {
  const connection = await serve(address, async function* () {
    yield pings(1)
    throw new ServerError(Status.INTERNAL, 'lost the thread')
  })
  const incoming = connection.wire.attach(new Turned(), never())[Symbol.asyncIterator]()
  await within(incoming.next(), 'the first batch')
  assert.match((await rejection(incoming.next(), 'transport_failed')).message, /lost the thread/)
  await connection.close()
})

test('WIRE-06: nobody at the address is transport_failed, at once', async () => {
  for (const nowhere of ['unix:///nowhere/at/all.sock', '127.0.0.1:1']) {
    const wire = grpcWire(nowhere, 'x')
    const error = await rejection(wire.attach(new Turned(), never())[Symbol.asyncIterator]().next(), 'transport_failed')
    assert.ok(error.message.includes(nowhere))
    wire.close()
  }
})

test('SEC-03: a message beyond 16 MiB breaks the wire in words, in both directions', async () => {
  const tooLarge = bulk(1, new Uint8Array(16 * 1024 * 1024 + 1))
  const speaks = await serve(address, async function* () {
    yield tooLarge
  })
  const there = await rejection(
    speaks.wire.attach(new Turned(), never())[Symbol.asyncIterator]().next(),
    'protocol_error',
  )
  assert.match(there.message, /larger than max/)
  await speaks.close()
  const listens = await serve(address, async function* (incoming: AsyncIterable<Batch>) {
    yield* incoming
  })
  const outgoing = new Turned()
  outgoing.push(tooLarge)
  const back = await rejection(listens.wire.attach(outgoing, never())[Symbol.asyncIterator]().next(), 'protocol_error')
  await listens.close()
  assert.match(back.message, /size larger than 16777216/)
})

test('WIRE-02: the port that was asked for as 0 is the one that is reported', async () => {
  const connection = await serve(address, async function* () {
    yield pings(1)
  })
  assert.match(connection.wire.name, /^grpc 127\.0\.0\.1:\d{4,5}$/)
  await connection.close()
})

test('SEC-01: proxies of the environment get no traffic', async () => {
  const script = `
    import { serve, Turned } from './tests/support/wire-subjects.ts'
    const connection = await serve('127.0.0.1:0', async function* () { yield { frames: [] } })
    const step = await connection.wire.attach(new Turned(), new AbortController().signal)[Symbol.asyncIterator]().next()
    console.log(step.done)
    await connection.close()`
  const env = { ...process.env }
  for (const name of ['http_proxy', 'https_proxy', 'grpc_proxy', 'all_proxy']) env[name] = 'http://127.0.0.1:9'
  const options = { env, encoding: 'utf8', timeout: 60_000 } as const
  const out = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], options)
  assert.is(out.trim(), 'false')
})

test.run()
