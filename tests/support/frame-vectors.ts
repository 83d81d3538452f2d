// Frames and their bytes for both languages. `node --import tsx tests/support/frame-vectors.ts` writes them anew.
import { writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Packr } from 'msgpackr'
import { jsonFrames } from '../../src/wire/pipe/json-frames.js'
import { msgpackFrames } from '../../src/wire/pipe/msgpack-frames.js'
import type { Exception, FrameKind } from '../../src/wire/wire.js'
import { messageOf } from './frame-fuzz.js'

/** A message in both codecs. Values in it are ASCII, so that both hold the same. */
export interface FrameVector {
  readonly name: string
  /** The message's bytes without its length. */
  readonly msgpack: string
  readonly json: string
}

/** The file. */
export interface FrameVectors {
  /** What a writer writes, byte for byte. */
  readonly written: readonly FrameVector[]
  /** What a reader reads beside that: from newer peers, and with wider forms. `as` is the message that means the same. */
  readonly read: readonly (FrameVector & { readonly as: string })[]
  /** What a reader refuses. */
  readonly refused: readonly FrameVector[]
}

/** Where the file is. */
export const vectorsFile = fileURLToPath(new URL('../vectors/frames.json', import.meta.url))

const ascii = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const map = (entries: Record<string, string>) => Object.assign(Object.create(null), entries) as Record<string, string>
const none = map({})
const call = 41

const cause: Exception = {
  type: 'KeyError',
  bases: ['KeyError', 'LookupError', 'Exception', 'BaseException'],
  message: "'größe'",
  notes: [],
  frames: [],
  traceback: '',
  cause: undefined,
  category: '',
  truncated: false,
  members: [],
}
const exception: Exception = {
  type: 'ValueError',
  bases: ['ValueError', 'Exception', 'BaseException'],
  message: 'shapes (2, 3) and (2, 3) do not fit',
  notes: ['while training'],
  frames: [{ file: '/tools.py', line: 300, function: 'train', source: 'return a @ b' }],
  traceback: 'Traceback (most recent call last):\n  …\nValueError: shapes (2, 3) and (2, 3) do not fit\n',
  cause,
  category: 'shape',
  truncated: true,
  members: [cause],
}
const runtime = {
  pid: 4711,
  executable: '/usr/bin/python3',
  version: '3.11.7',
  implementation: 'CPython',
  platform: 'linux-x86_64',
  packages: map({ msgspec: '0.19.0', numpy: '2.1.0' }),
}
const tool = {
  name: 'train',
  description: 'Trains.',
  kind: 3,
  parameters: [
    { name: 'epochs', type: 'int', required: false, defaultValue: '3', description: 'How often.' },
    { name: 'data', type: '', required: true, defaultValue: '', description: '' },
  ],
  inputSchema: '{"type": "object"}',
  outputSchema: '',
  chunkSchema: '{}',
  metadata: map(JSON.parse('{"gpu": "yes", "__proto__": "x"}')),
}
const start = {
  call,
  tool: 'train',
  arguments: ascii('{"epochs": 3}'),
  window: undefined,
  stream: false,
  timeLeftMs: 0,
  session: undefined,
  metadata: none,
  input: false,
}
const greeting = { protocol: 1, incarnation: 'i-1', token: 'a'.repeat(64), codecs: ['msgpack'], version: '0.1.0' }
const timings = { queuedUs: 120, runUs: 5_000_000_000 }

const written: Readonly<Record<string, readonly FrameKind[]>> = {
  'no frame': [],
  'hello of a host': [{ $case: 'hello', value: { ...greeting, runtime: undefined, tools: [] } }],
  'hello of a worker': [
    {
      $case: 'hello',
      value: { ...greeting, codecs: ['msgpack', 'json'], runtime, tools: [tool, { ...tool, kind: 1 }] },
    },
  ],
  'start of one value': [{ $case: 'start', value: start }],
  'start of a stream': [
    {
      $case: 'start',
      value: {
        ...start,
        call: 2 ** 32 - 1,
        window: { items: 256, bytes: 2 ** 32 },
        stream: true,
        timeLeftMs: 60_000,
        session: { id: 's-1', metadata: map({ user: 'ünï' }) },
        metadata: map({ trace: 'abc', '': '' }),
        input: true,
      },
    },
  ],
  part: [{ $case: 'part', value: { call, data: ascii('x'.repeat(300)) } }],
  'a part without bytes': [{ $case: 'part', value: { call, data: ascii('') } }],
  items: [{ $case: 'items', value: { call, first: 0, sizes: [1, 2, 3], body: ascii('122333'), marks: [] } }],
  'items with marks': [
    {
      $case: 'items',
      value: {
        call,
        first: 2 ** 53 - 1,
        sizes: Array(20).fill(1),
        body: ascii('7'.repeat(20)),
        marks: [
          { index: 0, metadata: map({ a: 'b' }) },
          { index: 19, metadata: none },
        ],
      },
    },
  ],
  credit: [{ $case: 'credit', value: { call, items: 128, bytes: 2 ** 40 } }],
  'end with a value': [
    {
      $case: 'end',
      value: {
        call,
        outcome: { $case: 'ok', value: { value: ascii('null'), marked: false, metadata: none } },
        timings,
      },
    },
  ],
  'end with a marked chunk': [
    {
      $case: 'end',
      value: {
        call,
        outcome: { $case: 'ok', value: { value: ascii('[1, 2]'), marked: true, metadata: map({ step: '9' }) } },
        timings,
      },
    },
  ],
  'end with an error': [
    {
      $case: 'end',
      value: {
        call,
        outcome: {
          $case: 'error',
          value: {
            code: 'tool_not_found',
            message: "there is no tool 'x'",
            exception: undefined,
            details: none,
            began: false,
          },
        },
        timings: { queuedUs: 0, runUs: 0 },
      },
    },
  ],
  'end with an exception': [
    {
      $case: 'end',
      value: {
        call,
        outcome: {
          $case: 'error',
          value: { code: 'python_error', message: 'it failed', exception, details: map({ a: 'b' }), began: true },
        },
        timings,
      },
    },
  ],
  'end of a cancelled call': [
    {
      $case: 'end',
      value: {
        call,
        outcome: {
          $case: 'cancelled',
          value: {
            rung: 3,
            error: { code: 'python_error', message: 'late', exception: undefined, details: none, began: true },
          },
        },
        timings,
      },
    },
  ],
  cancel: [{ $case: 'cancel', value: { call, reason: 2 } }],
  progress: [{ $case: 'progress', value: { call, value: ascii('{"done": 0.5}') } }],
  log: [
    {
      $case: 'log',
      value: {
        call: 0,
        level: 3,
        source: 'stderr',
        message: 'tab\t "quotes" \\ 😀',
        timeMs: 1_700_000_000_000,
        fields: '',
        shown: undefined,
      },
    },
  ],
  telemetry: [
    {
      $case: 'telemetry',
      value: {
        event: 'gc',
        measurements: Object.assign(Object.create(null), { seconds: 0.25, objects: -3.5 }),
        metadata: map({ generation: '2' }),
        call,
      },
    },
  ],
  'session end': [{ $case: 'sessionEnd', value: { session: 's-1', reason: 1 } }],
  ping: [{ $case: 'ping', value: { nonce: 1 } }],
  pong: [{ $case: 'pong', value: { nonce: 65_536, ticks: 200 } }],
  shutdown: [{ $case: 'shutdown', value: { graceMs: 5000 } }],
  'twenty frames': Array.from({ length: 20 }, (_, nonce) => ({ $case: 'ping', value: { nonce } }) as const),
}

/** Bytes, where a message is written as plain lists. Numbers of more than 32 bits are bigints: others leave as floats. */
const bin = (text: string) => Buffer.from(text, 'latin1')

const read: Readonly<Record<string, readonly [as: string, message: unknown]>> = {
  'a ping with a field more': ['ping', [[12, 1, 'more']]],
  'fields more of every type': ['ping', [[12, 1, null, true, -5, 1.5, 'x', ['y', [{}]], { a: { b: [1] } }, bin('z')]]],
  'a window and a session with fields more': [
    'start of a stream',
    [
      [
        2,
        2 ** 32 - 1,
        'train',
        bin('{"epochs": 3}'),
        [256, 2n ** 32n, 'more'],
        60_000,
        ['s-1', { user: 'ünï' }, 1, 2],
        { trace: 'abc', '': '' },
        true,
      ],
    ],
  ],
  'metadata that are empty instead of absent': [
    'start of one value',
    [[2, 41, 'train', bin('{"epochs": 3}'), null, 0, null, {}, false]],
  ],
  'marks that are empty instead of absent': ['items', [[4, 41, 0, [1, 2, 3], bin('122333'), []]]],
  'kinds that are not known, among others': ['ping', [[15], [12, 1], [99, 'a', [1]], [2n ** 40n, {}]]],
}

const refused: Readonly<Record<string, unknown>> = {
  'no list': {},
  'a number': 7,
  'a frame that is no list': [7],
  'a frame without a kind': [[]],
  'a kind that is a text': [['ping', 1]],
  'a kind below 0': [[-1, 1]],
  'a kind that is not whole': [[1.5, 1]],
  'too few fields': [[13, 1]],
  'nil for a number': [[12, null]],
  'a text for a number': [[12, '1']],
  'a number below 0': [[12, -1]],
  'a number beyond 32 bits': [[12, 2n ** 32n]],
  'a number beyond 53 bits': [[13, 1, 2n ** 60n]],
  'a number that is not whole': [[12, 0.5]],
  'a number for a text': [[11, 1, 1]],
  'nil for a text': [[11, null, 1]],
  'a number for bytes': [[8, 1, 7]],
  'nil for bytes': [[8, 1, null]],
  'a list for bytes': [[8, 1, [1]]],
  'a number for a flag': [[2, 1, 't', bin('{}'), null, 0, null, null, 1]],
  'a number for a window': [[2, 1, 't', bin('{}'), 5, 0, null, null, false]],
  'a window of one field': [[2, 1, 't', bin('{}'), [1], 0, null, null, false]],
  'a list for metadata': [[2, 1, 't', bin('{}'), null, 0, null, ['a'], false]],
  'metadata with a number': [[2, 1, 't', bin('{}'), null, 0, null, { a: 1 }, false]],
  'sizes that are a number': [[4, 1, 0, 1, bin('1'), null]],
  'a size below 0': [[4, 1, 0, [-1], bin('1'), null]],
  'an outcome that there is not': [[6, 1, 3, 0, 0]],
  'an outcome without its times': [[6, 1, 0, bin('1'), false, null]],
  'a measurement that is a text': [[10, 'gc', { a: '1' }, {}, 0]],
}

/** Makes the file's content. */
export function frameVectors(): FrameVectors {
  return {
    written: Object.entries(written).map(([name, kinds]) => {
      const batch = { frames: kinds.map((kind) => ({ kind })) }
      const [msgpack, json] = [messageOf(msgpackFrames, batch), messageOf(jsonFrames, batch)]
      return { name, msgpack: msgpack.toString('hex'), json: json.toString() }
    }),
    read: Object.entries(read).map(([name, [as, message]]) => ({ name, as, ...plainly(message) })),
    refused: Object.entries(refused).map(([name, message]) => ({ name, ...plainly(message) })),
  }
}

const packr = new Packr({ useRecords: false, variableMapSize: true })

/** A message as another library writes it. */
function plainly(message: unknown): Pick<FrameVector, 'msgpack' | 'json'> {
  return {
    msgpack: packr.pack(message).toString('hex'),
    json: JSON.stringify(textual(message)),
  }
}

function textual(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Buffer.isBuffer(value)) return value.toString('latin1')
  return Array.isArray(value) ? value.map(textual) : value
}

/** The file's text: one message a line. */
export function vectorsText(): string {
  const sections = Object.entries(frameVectors()).map(
    ([name, vectors]) => `  ${JSON.stringify(name)}: [\n${lines(vectors)}\n  ]`,
  )
  return `{\n${sections.join(',\n')}\n}\n`
}

function lines(vectors: readonly object[]): string {
  return vectors.map((vector) => `    ${JSON.stringify(vector)}`).join(',\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(vectorsFile, vectorsText())
