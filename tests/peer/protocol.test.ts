// Rules that the other side breaks, by hand: the conversation ends with `protocol_error` and every call is told.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeValue, encodeValue } from '../../src/codec/msgpack.js'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { attach } from '../../src/peer/attach.js'
import { CallIds } from '../../src/peer/call-ids.js'
import { Peer } from '../../src/peer/peer.js'
import { memoryWires } from '../../src/wire/memory.js'
import { CancelRung, type FrameKind, type Hello } from '../../src/wire/wire.js'
import { hello, pair, Recorder, request, scripted } from '../support/peers.js'
import { reasonOf, rejection } from '../support/rejection.js'
import { Turned } from '../support/wire-subjects.js'
import { quiet, until, within } from '../support/within.js'

const none = new Uint8Array(0)
const byte = encodeValue(7)
const window = { items: 4, bytes: 10 }

function items(first: number, count: number, change: object = {}): FrameKind {
  const body = new Uint8Array(count).fill(7)
  return { $case: 'items', value: { call: 1, first, sizes: Array(count).fill(1), body, marks: [], ...change } }
}

function ended(call: number): FrameKind {
  return {
    $case: 'end',
    value: {
      call,
      outcome: { $case: 'cancelled', value: { rung: CancelRung.CLOSED, error: undefined } },
      timings: undefined,
    },
  }
}

function started(call: number, change: object = {}): FrameKind {
  return { $case: 'start', value: { ...request('t', {}), call, stream: false, input: false, metadata: {}, ...change } }
}

const violations: Readonly<Record<string, readonly (FrameKind | undefined)[]>> = {
  'a first item that is not 0': [items(1, 1)],
  'an item twice': [items(0, 1), items(0, 1)],
  'a gap': [items(0, 1), items(2, 1)],
  'more items than the window': [items(0, 5)],
  'more items than the window, bit by bit': [items(0, 3), items(3, 2)],
  'more bytes than the window': [items(0, 1, { sizes: [12], body: new Uint8Array(12) }), items(1, 1)],
  'sizes that do not add up': [items(0, 1, { body: new Uint8Array(3) })],
  'items for a call of one value': [items(0, 1, { call: 3 })],
  'an end without an outcome': [{ $case: 'end', value: { call: 1, outcome: undefined, timings: undefined } }],
  'a call with an id of the wrong side': [started(5)],
  'a call without an id': [started(0)],
  'a call that is running already': [started(2), started(2)],
  'credit for what was never sent': [
    started(2, { stream: true, tool: 'stream', window: { items: 1, bytes: 1 } }),
    { $case: 'credit', value: { call: 2, items: 9, bytes: 9 } },
  ],
  'credit for a call of one value': [
    started(2, { tool: 'wait' }),
    { $case: 'credit', value: { call: 2, items: 0, bytes: 0 } },
  ],
  'a second greeting': [{ $case: 'hello', value: hello('w'.repeat(8)) }],
}

for (const [what, frames] of Object.entries(violations)) {
  test(`STREAM-01, ERR-04: ${what} ends the conversation, and every call is told`, async () => {
    let stopped = 0
    await using talk = await scripted({
      t: (_, { signal }) => new Promise(() => signal.addEventListener('abort', () => stopped++)),
      wait: () => new Promise(() => {}),
      async *stream() {
        await new Promise(() => {})
      },
    })
    const stream = new Recorder().begin(talk.peer, request('stream', {}, window))
    const unary = new Recorder().begin(talk.peer, request('unary'))
    const ping = talk.peer.ping()
    ping.catch(() => undefined)
    talk.say(...frames)
    const error = await within(talk.ended, 'the end')
    assert.is(error?.code, 'protocol_error')
    assert.match(error?.message ?? '', /the other side (broke the protocol|ended a call without saying how)/)
    for (const recorder of [stream, unary]) {
      assert.equal(recorder.ends, [{ type: 'lost', error }])
      assert.equal(recorder.late, [])
    }
    assert.is(await reasonOf(ping), error)
    assert.is(talk.peer.running, 0)
    const later = new Recorder().begin(talk.peer, request('later'))
    const [end] = later.ends
    assert.ok(end?.type === 'lost' && end.error.code === 'protocol_error' && !end.error.mayHaveRun)
    assert.is(await reasonOf(talk.peer.ping()), error)
    if (what === 'a call that is running already') assert.is(stopped, 1)
  })
}

test('STREAM-01: frames for calls that are not known, or not any more, are passed over', async () => {
  await using talk = await scripted()
  const recorder = new Recorder().begin(talk.peer, request('t', {}, window))
  talk.say(
    items(0, 1, { call: 77 }),
    ended(77),
    { $case: 'cancel', value: { call: 4, reason: 1 } },
    { $case: 'credit', value: { call: 4, items: 1, bytes: 1 } },
    { $case: 'progress', value: { call: 9, value: none } },
    { $case: 'part', value: { call: 77, data: byte } },
    undefined,
    ended(1),
    ended(1),
    items(0, 1),
  )
  assert.equal(await recorder.end(), { type: 'cancelled', rung: 'closed' })
  assert.equal(await within(answerPing(talk), 'a pong'), 5)
  assert.equal(recorder.late, [])
})

test('STREAM-13: progress that cannot be decoded comes as bytes and harms nobody', async () => {
  await using talk = await scripted()
  const recorder = new Recorder().begin(talk.peer, request('t'))
  talk.say({ $case: 'progress', value: { call: 1, value: new Uint8Array([0xc7, 1, 99, 1]) } }, ended(1))
  await recorder.end()
  assert.equal(recorder.reports, [new Uint8Array([0xc7, 1, 99, 1])])
})

test('STREAM-01: what a cancelled call still gets is dropped, and it is told of its end', async () => {
  await using talk = await scripted()
  const recorder = new Recorder().begin(talk.peer, request('t', {}, window))
  talk.say(items(0, 2))
  await until(() => !recorder.call.drained, 'an item')
  recorder.call.cancel('aborted')
  assert.is(recorder.call.take(), undefined)
  talk.say(items(2, 2), { $case: 'progress', value: { call: 1, value: byte } }, ended(1))
  assert.equal(await recorder.end(), { type: 'cancelled', rung: 'closed' })
  assert.is(recorder.call.take(), undefined)
  assert.equal(recorder.reports, [])
  const cancels = talk.said.filter(({ $case }) => $case === 'cancel')
  assert.is(cancels.length, 1)
  assert.is(talk.said.filter(({ $case }) => $case === 'credit').length, 0, 'no credit for what was dropped')
})

test('STREAM-07: credit is cumulative, told by half windows, and at every item for a window of 1', async () => {
  await using talk = await scripted()
  const wide = new Recorder().begin(talk.peer, request('t', {}, { items: 4, bytes: 100 }))
  talk.say(items(0, 4))
  await until(() => !wide.call.drained, 'items')
  wide.take()
  const narrow = new Recorder().begin(talk.peer, request('t', {}, { items: 1, bytes: 100 }))
  for (let first = 0; first < 3; first++) {
    talk.say(items(first, 1, { call: 3 }))
    await until(() => !narrow.call.drained, 'an item')
    narrow.take()
  }
  await quiet()
  const credits = talk.said.flatMap((kind) => (kind.$case === 'credit' ? [kind.value] : []))
  assert.equal(
    credits.filter(({ call }) => call === 1),
    [
      { call: 1, items: 2, bytes: 2 },
      { call: 1, items: 4, bytes: 4 },
    ],
  )
  assert.equal(
    credits.filter(({ call }) => call === 3),
    [1, 2, 3].map((count) => ({ call: 3, items: count, bytes: count })),
  )
})

test('STREAM-03: metadata of single items arrives with them', async () => {
  await using talk = await scripted()
  const recorder = new Recorder().begin(talk.peer, request('t', {}, window))
  talk.say(items(0, 3, { marks: [{ index: 1, metadata: { kind: 'middle' } }] }), ended(1))
  await recorder.end()
  recorder.take()
  assert.equal(
    recorder.chunks.map(({ metadata }) => ({ ...metadata })),
    [{}, { kind: 'middle' }, {}],
  )
  assert.ok(recorder.chunks.every(({ isFinal }) => !isFinal))
})

test('FAULT-01: the end of the wire tells every call, in both directions, and later ones at once', async () => {
  let aborted = 0
  const wait = (_: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise(() => signal.addEventListener('abort', () => aborted++))
  const talk = await pair({ wait }, { wait })
  const calls = [1, 2, 3].flatMap(() => [
    new Recorder().begin(talk.host, request('wait')),
    new Recorder().begin(talk.worker, request('wait')),
  ])
  await quiet()
  await talk.cut()
  for (const { ends, late } of calls) {
    assert.equal(
      ends.map((end) => end.type === 'lost' && end.error.code),
      ['transport_failed'],
    )
    assert.equal(late, [])
  }
  assert.is(aborted, 6)
  talk.host.close(new SnakepitError('worker_crashed', 'again'))
  assert.is(calls[0]?.ends.length, 1)
})

test('STREAM-09: items that came before the wire was lost can still be taken', async () => {
  const talk = await scripted()
  const recorder = new Recorder().begin(talk.peer, request('t', {}, window))
  talk.say(items(0, 3))
  await until(() => !recorder.call.drained, 'items')
  await talk[Symbol.asyncDispose]()
  assert.is(recorder.ends[0]?.type, 'lost')
  recorder.take()
  assert.equal(recorder.data, [7, 7, 7])
})

test('SEC-01, WIRE-05: a greeting of another version, incarnation or token is refused', async () => {
  const right = 'w'.repeat(8)
  const greetings: [Partial<Hello>, RegExp][] = [
    [{ protocol: 2, version: '9.9' }, /protocol version 1, got 2 \(package 9\.9\)/],
    [{ protocol: 0 }, /protocol version 1, got 0/],
    [{ incarnation: 'i-2' }, /another worker answered/],
    [{ token: 'x'.repeat(8) }, /wrong token/],
    [{ token: '' }, /wrong token/],
    [{ token: `${right}w` }, /wrong token/],
    // As many characters, but more bytes.
    [{ token: 'é'.repeat(8) }, /wrong token/],
  ]
  for (const [change, words] of greetings) {
    const error = await rejection(greeted([{ $case: 'hello', value: hello(right, change) }]), 'protocol_error')
    assert.match(error.message, words)
    assert.not.match(error.message, /w{8}|x{8}|é{8}/, 'no token in a message')
  }
})

test('WIRE-05: a side that says something else first, or nothing, is refused', async () => {
  assert.match(
    (await rejection(greeted([{ $case: 'ping', value: { nonce: 1 } }]), 'protocol_error')).message,
    /got 'ping'/,
  )
  assert.match((await rejection(greeted([undefined]), 'protocol_error')).message, /before it greeted/)
  assert.match((await rejection(greeted([]), 'protocol_error')).message, /before it greeted/)
  assert.match((await rejection(greeted(undefined), 'protocol_error')).message, /before it greeted/)
})

test('WIRE-05, ERR-03: a signal ends the wait for a greeting with its reason', async () => {
  const reason = new Error('enough')
  assert.is(await reasonOf(greeted('silence', AbortSignal.abort(reason))), reason)
  const abort = new AbortController()
  const waiting = greeted('silence', abort.signal)
  waiting.catch(() => undefined)
  await quiet()
  abort.abort(reason)
  assert.is(await reasonOf(waiting), reason)
})

test('WIRE-05: frames that travel with the greeting are taken in', async () => {
  const peer = new Peer({ side: 'host', handler: (call) => call.succeed('here') })
  const said = await greeted([{ $case: 'hello', value: hello('w'.repeat(8)) }, started(2)], undefined, peer)
  await until(() => said.some((kind) => kind.$case === 'end'), 'the answer')
})

test('STREAM-01: ids go up by two, wrap, and are not used again while their call runs', () => {
  const host = new CallIds('host', 0xffffffff - 2)
  assert.equal(
    [1, 2, 3].map(() => host.allot(new Set())),
    [0xfffffffd, 0xffffffff, 1],
  )
  const worker = new CallIds('worker', 0xfffffffe)
  assert.equal(
    [1, 2].map(() => worker.allot(new Set())),
    [0xfffffffe, 2],
  )
  const busy = new Set([0xffffffff, 1, 3])
  assert.is(new CallIds('host', 0xffffffff).allot(busy), 5)
  assert.is(new CallIds('host').allot(new Set()), 1)
  assert.is(new CallIds('worker').allot(new Set()), 2)
})

test('FAULT-05: a ping is answered by the pong with its number', async () => {
  await using talk = await pair({})
  assert.equal(await within(Promise.all([talk.host.ping(), talk.worker.ping(), talk.host.ping()]), 'pongs'), [0, 0, 0])
})

test('PAYLOAD-03: parts of a value whose call ended otherwise are forgotten', async () => {
  await using talk = await scripted()
  const first = new Recorder().begin(talk.peer, request('t'))
  talk.say({ $case: 'part', value: { call: 1, data: new Uint8Array(100) } }, ended(1))
  await first.end()
  const second = new Recorder().begin(talk.peer, request('t'))
  const ok = { $case: 'ok', value: { value: byte, marked: false, metadata: {} } } as const
  talk.say({ $case: 'end', value: { call: 3, outcome: ok, timings: { queuedUs: 1500, runUs: 2_000_000 } } })
  const end = await second.end()
  if (end.type !== 'ok') throw new Error(end.type)
  assert.is(decodeValue(end.value), 7)
  assert.equal(end.timings, { queuedMs: 1.5, runMs: 2000 })
})

/** Attaches to a side that says these frames in one message, hangs up at once (undefined), or says nothing. */
async function greeted(
  frames: readonly (FrameKind | undefined)[] | 'silence' | undefined,
  signal = new AbortController().signal,
  peer = new Peer({ side: 'host', handler: () => {} }),
): Promise<FrameKind[]> {
  const [near, far] = memoryWires()
  const outgoing = new Turned()
  const said: FrameKind[] = []
  if (frames === undefined) outgoing.end()
  else if (frames !== 'silence') outgoing.push({ frames: frames.map((kind) => ({ kind })) as never })
  const heard = (async () => {
    for await (const batch of far.attach(outgoing, new AbortController().signal)) {
      said.push(...batch.frames.flatMap(({ kind }) => (kind === undefined ? [] : [kind])))
    }
  })()
  try {
    await attach(near, peer, { hello: hello('h'.repeat(8)), expectToken: 'w'.repeat(8) }, signal)
    return said
  } catch (error) {
    // A signal that had fired before has not touched the wire.
    if (signal.aborted) near.close()
    await within(heard, 'the end at the other side')
    throw error
  }
}

/** Answers the last ping by hand. */
async function answerPing(talk: Awaited<ReturnType<typeof scripted>>): Promise<number> {
  const answer = talk.peer.ping()
  await until(() => talk.said.some(({ $case }) => $case === 'ping'), 'the ping')
  await quiet(3)
  const last = talk.said.findLast((kind) => kind.$case === 'ping')
  if (last?.$case === 'ping') talk.say({ $case: 'pong', value: { nonce: last.value.nonce, ticks: 5 } })
  return answer
}

test.run()
