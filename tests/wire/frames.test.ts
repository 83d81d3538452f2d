// The frames of the pipe: every kind comes back as it went in both codecs, and nothing else is read.
// timeout: 240 s
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { FrameCodec } from '../../src/wire/pipe/frame-codec.js'
import { maxDepth, maxMembers, maxMessageBytes } from '../../src/wire/pipe/frames/limits.js'
import { jsonFrames } from '../../src/wire/pipe/json-frames.js'
import { msgpackFrames } from '../../src/wire/pipe/msgpack-frames.js'
import type { Batch, Exception, FrameKind } from '../../src/wire/wire.js'
import { bulk, dataOf, pings } from '../support/batches.js'
import { fuzzFrames, messageOf } from '../support/frame-fuzz.js'
import { type FrameVectors, vectorsFile, vectorsText } from '../support/frame-vectors.js'
import { anyBytes, asciiBytes, frameCases, framesOf } from '../support/frames.js'

const vectors = JSON.parse(readFileSync(vectorsFile, 'utf8')) as FrameVectors
const bytesOf = { msgpack: anyBytes, json: asciiBytes }

for (const codec of [msgpackFrames, jsonFrames]) {
  for (const $case of frameCases) {
    test(`WIRE-03: ${codec.name}: every '${$case}' comes back as it went`, () => {
      fc.assert(
        fc.property(framesOf($case, bytesOf[codec.name]), (kind) => {
          const batch = { frames: [{ kind }] }
          assert.ok(isDeepStrictEqual(codec.decode(messageOf(codec, batch)), batch))
        }),
        { numRuns: 60 },
      )
    })
  }

  test(`WIRE-03: ${codec.name}: the golden vectors are read, and written byte for byte`, () => {
    for (const { name, [codec.name]: text } of vectors.written) {
      const message = bytesIn(codec, text)
      assert.is(Buffer.compare(messageOf(codec, codec.decode(message)), message), 0, name)
    }
    for (const { name, as, [codec.name]: text } of vectors.read) {
      const same = vectors.written.find((each) => each.name === as)?.[codec.name] as string
      assert.ok(isDeepStrictEqual(codec.decode(bytesIn(codec, text)), codec.decode(bytesIn(codec, same))), name)
    }
  })

  test(`WIRE-03, SEC-03: ${codec.name}: what is no batch is refused, with the frame and the field`, () => {
    for (const { name, [codec.name]: text } of vectors.refused) refused(codec, bytesIn(codec, text), /./, name)
    const message = bytesIn(codec, vectors.refused.find(({ name }) => name === 'nil for a text')?.[codec.name] ?? '')
    refused(codec, message, /frame 0 \('sessionEnd'\): sessionEnd\.session is not a text/)
  })

  test(`WIRE-03, SEC-03: ${codec.name}: a message that is cut anywhere, or goes on, is refused`, () => {
    for (const { name, [codec.name]: text } of vectors.written) {
      const message = bytesIn(codec, text)
      for (let length = 0; length < message.length; length++) {
        refused(codec, message.subarray(0, length), /./, `${name}: ${length} bytes`)
      }
      refused(codec, Buffer.concat([message, message.subarray(0, 1)]), /1 (bytes|characters) follow/, name)
    }
  })

  test(`SEC-03: ${codec.name}: 10,000 spoiled messages are refused, or read as what can be sent`, () => {
    const { read, refused, failures } = fuzzFrames(codec, 10_000, 20_260_101)
    assert.equal(failures, [])
    assert.ok(read > 100 && refused > 1000, `${read} read, ${refused} refused`)
  })

  test(`SEC-03: ${codec.name}: names that mean something to JavaScript are names like any other`, () => {
    const hostile = JSON.parse('{"__proto__": "polluted", "constructor": "x", "toString": "y"}')
    const kind: FrameKind = {
      $case: 'telemetry',
      value: { event: '', measurements: {}, metadata: hostile, call: 0 },
    }
    const [frame] = codec.decode(messageOf(codec, { frames: [{ kind }] })).frames
    const metadata = frame?.kind?.$case === 'telemetry' ? frame.kind.value.metadata : {}
    assert.equal(Object.entries(metadata), Object.entries(hostile))
    assert.is(Object.getPrototypeOf(metadata), null)
    assert.is(({} as Record<string, unknown>).polluted, undefined)
  })

  test(`SEC-03: ${codec.name}: exceptions lie within each other up to a limit`, () => {
    assert.ok(codec.decode(messageOf(codec, failed(maxDepth - 4))))
    refused(codec, messageOf(codec, failed(maxDepth)), /more than 64 lists within each other/)
  })

  test(`SEC-03: ${codec.name}: a message has a limited number of members, and a batch beyond it becomes several`, () => {
    const many: Batch = { frames: Array(maxMembers + 2).fill(pings(7).frames[0]) }
    const sent = messagesOf(codec, many)
    assert.is(sent.length, 2)
    assert.is(sent.flatMap((message) => codec.decode(message).frames).length, many.frames.length)
    const ping = messageOf(codec, pings(1))
    const frame = ping.subarray(1, codec.name === 'json' ? -1 : undefined)
    refused(codec, listOf(codec, frame, maxMembers + 1), /more than 262144 members/)
  })

  test(`SEC-03, PAYLOAD-05: ${codec.name}: a batch beyond a message's limit becomes several, a frame is refused`, () => {
    const size = 6 * 1024 * 1024
    const frames = ['a', 'b', 'c'].flatMap((letter, call) => bulk(call, filled(size, letter)).frames)
    const sent = messagesOf(codec, { frames })
    assert.ok(sent.length > 1 && sent.every(({ length }) => length <= maxMessageBytes))
    assert.ok(
      isDeepStrictEqual(
        sent.flatMap((message) => codec.decode(message).frames),
        frames,
      ),
    )
    const error = thrown(() => codec.encode(bulk(1, filled(maxMessageBytes, 'a'))))
    assert.is(error.code, 'protocol_error')
    assert.match(error.message, /a frame 'part' of \d+ bytes cannot be sent: a message holds at most 16842752/)
  })

  test(`WIRE-03: ${codec.name}: what cannot be a field is refused before it is sent`, () => {
    for (const nonce of [-1, 1.5, 2 ** 32, Number.NaN, '7' as unknown as number]) {
      assert.match(thrown(() => codec.encode(pings(nonce))).message, /its ping\.nonce is not a whole number from 0 to/)
    }
    const kind = { $case: 'end', value: { call: 1, outcome: undefined, timings: undefined } } as const
    assert.match(thrown(() => codec.encode({ frames: [{ kind }] })).message, /its end\.outcome is missing/)
    // What was begun is forgotten.
    assert.equal(codec.decode(messageOf(codec, pings(7))), pings(7))
  })

  test(`WIRE-03: ${codec.name}: frames of no kind are not sent`, () => {
    assert.equal(codec.decode(messageOf(codec, { frames: [{ kind: undefined }, ...pings(1).frames] })), pings(1))
  })
}

test('STREAM-06, PAYLOAD-02: large bytes are sent as they lie, small ones are copied, and bytes are read as views', () => {
  const large = filled(100_000, 'a')
  const pieces = msgpackFrames.encode(bulk(1, large))
  assert.is(pieces.length, 2)
  assert.is(pieces[1], large)
  assert.is(msgpackFrames.encode(bulk(1, filled(1000, 'a'))).length, 1)
  const message = messageOf(msgpackFrames, bulk(1, large))
  assert.is(dataOf(msgpackFrames.decode(message)).buffer, message.buffer)
})

test('WIRE-03: pieces that were encoded stay as they are while others are encoded', () => {
  const sent = Array.from({ length: 2000 }, (_, index) => {
    const batch = index % 100 === 0 ? bulk(index, filled(index * 50, 'x')) : pings(index)
    return { batch, pieces: msgpackFrames.encode(batch) }
  })
  for (const { batch, pieces } of sent) {
    assert.ok(isDeepStrictEqual(msgpackFrames.decode(Buffer.concat(pieces).subarray(4)), batch))
  }
})

test('WIRE-03: json: values that are not ASCII are refused in both directions', () => {
  assert.match(thrown(() => jsonFrames.encode(bulk(1, new Uint8Array([0x80])))).message, /not JSON in pure ASCII/)
  refused(jsonFrames, Buffer.from('[[3,1,"é"]]'), /frame 0 \('part'\): part\.data is not pure ASCII/)
})

test('WIRE-03, SEC-03: json: only JSON is JSON', () => {
  const spoiled = [
    '',
    '[',
    ']',
    '[[12,1]',
    '[[12,1]]]',
    '[[12,01]]',
    '[[12,1.0]]',
    '[[12,1e2]]',
    '[[12,+1]]',
    '[[12 1]]',
    '[[12,1,]]',
    '[[12,,1]]',
    '[,[12,1]]',
    '[[12,1],]',
    "[[11,'a',1]]",
    '[[11,"a\n",1]]',
    '[[11,"\\x",1]]',
    '[[11,"a,1]]',
    '[[10,"",{"a":1e999},{},0]]',
    '[[10,"",{"a" 1},{},0]]',
    '[[10,"",{"a":},{},0]]',
    '[[10,"",{a:1},{},0]]',
    '[[10,"",{"a":NaN},{},0]]',
    '[[12,1,tru]]',
    '[[12,1,{"a"}]]',
    `[[12,1,${'['.repeat(100)}${']'.repeat(100)}]]`,
    '\ufeff[[12,1]]',
  ]
  for (const text of spoiled) refused(jsonFrames, Buffer.from(text), /./, text)
  refused(jsonFrames, Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/)
  assert.equal(jsonFrames.decode(Buffer.from(' [ [ 12 , 7 , { "a" : [ ] } ] ]\r\n')), pings(7))
  // What is not finite has no other form.
  const value = { measurements: { a: Number.NaN }, event: '', metadata: {}, call: 0 }
  const message = messageOf(jsonFrames, { frames: [{ kind: { $case: 'telemetry', value } }] })
  assert.match(JSON.stringify(message.toString()), /null/)
  const [frame] = jsonFrames.decode(message).frames
  assert.ok(frame?.kind?.$case === 'telemetry' && Number.isNaN(frame.kind.value.measurements.a))
})

test('SEC-03: msgpack: texts are UTF-8', () => {
  for (const bytes of ['ff', 'c3', 'eda080', 'f8888080', 'c080']) {
    const length = (bytes.length / 2 + 0xa0).toString(16)
    refused(msgpackFrames, Buffer.from(`91930b${length}${bytes}01`, 'hex'), /sessionEnd\.session is not UTF-8/, bytes)
  }
})

test('SEC-03: lengths that lie cost nothing', () => {
  const before = process.memoryUsage()
  for (const hex of [
    'ddffffffff',
    '91ddffffffff',
    '91930bdbffffffff',
    '919308 01c6ffffffff',
    '91960401 00ddffffffff01',
  ]) {
    refused(msgpackFrames, Buffer.from(hex.replaceAll(' ', ''), 'hex'), /./, hex)
  }
  refused(msgpackFrames, Buffer.from('91950aa0dfffffffff', 'hex'), /ends within telemetry\.measurements/)
  refused(msgpackFrames, Buffer.from('91930c01ddffffffff', 'hex'), /ends within a field that is not known/)
  const after = process.memoryUsage()
  assert.ok(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed < 64 * 1024 * 1024)
})

test('WIRE-03: the golden vectors are what is written now, and hold every kind of frame', () => {
  assert.is(readFileSync(vectorsFile, 'utf8'), vectorsText())
  const kinds = vectors.written.flatMap(({ json }) => (JSON.parse(json) as [number][]).map(([kind]) => kind))
  assert.equal(
    [...new Set(kinds)].sort((a, b) => a - b),
    frameCases.map((_, index) => index + 1),
  )
})

function bytesIn({ name }: FrameCodec, text: string): Buffer {
  return Buffer.from(text, name === 'json' ? 'utf8' : 'hex')
}

function refused(codec: FrameCodec, message: Uint8Array, pattern: RegExp, name?: string): void {
  const error = thrown(() => codec.decode(message), name)
  assert.is(error.code, 'protocol_error', name)
  assert.ok(error.mayHaveRun)
  assert.match(error.message, /^the other side sent a message that cannot be read: /)
  assert.match(error.message, pattern)
}

function thrown(act: () => unknown, name = ''): SnakepitError {
  try {
    act()
  } catch (error) {
    assert.instance(error, SnakepitError, name)
    return error as SnakepitError
  }
  throw new Error(`nothing was thrown ${name}`)
}

/** What travels, cut at its lengths. */
function messagesOf(codec: FrameCodec, batch: Batch): Buffer[] {
  const bytes = Buffer.concat(codec.encode(batch))
  const messages: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    messages.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return messages
}

/** A list of so many frames, each the same. */
function listOf({ name }: FrameCodec, frame: Buffer, count: number): Buffer {
  if (name === 'json') return Buffer.from(`[${Array(count).fill(frame.toString()).join(',')}]`)
  const head = Buffer.from([0xdd, 0, 0, 0, 0])
  head.writeUInt32BE(count, 1)
  return Buffer.concat([head, ...Array(count).fill(frame)])
}

function filled(size: number, letter: string): Uint8Array {
  return new Uint8Array(size).fill(letter.charCodeAt(0))
}

/** An end with as many exceptions within each other. */
function failed(depth: number): Batch {
  const plain = { type: 'E', bases: [], message: '', notes: [], frames: [], traceback: '', category: '', members: [] }
  let exception: Exception | undefined
  for (let left = depth; left > 0; left--) exception = { ...plain, truncated: false, cause: exception }
  const outcome = {
    $case: 'error',
    value: { code: 'python_error', message: '', exception, details: {}, began: true },
  } as const
  return { frames: [{ kind: { $case: 'end', value: { call: 1, outcome, timings: undefined } } }] }
}

test.run()
