// The fields of every frame in the order in which they travel: the one place that a new field is written into.
import type {
  Cancel,
  Cancelled,
  Credit,
  End,
  Error as ErrorEnd,
  Exception,
  FrameKind,
  Hello,
  Items,
  Log,
  Mark,
  Ok,
  Parameter,
  Part,
  Ping,
  Pong,
  Progress,
  Runtime,
  Session,
  SessionEnd,
  Shutdown,
  StackFrame,
  Start,
  Telemetry,
  Timings,
  Tool,
  Window,
} from '../../wire.js'
import {
  bytes,
  choice,
  fields,
  flag,
  type Group,
  type GroupOf,
  group,
  inline,
  lazily,
  listOf,
  optional,
  optionalListOf,
  optionalText,
  optionalTexts,
  presenceOf,
  reals,
  text,
  texts,
  whole32,
  whole53,
  wholes32,
} from './field-types.js'

const runtime = fields<Runtime>('runtime', {
  pid: whole32,
  executable: text,
  version: text,
  implementation: text,
  platform: text,
  packages: texts,
})

const parameter = fields<Parameter>('parameter', {
  name: text,
  type: text,
  required: flag,
  defaultValue: text,
  description: text,
})

const tool = fields<Tool>('tool', {
  name: text,
  description: text,
  kind: whole32,
  parameters: listOf(group(parameter)),
  inputSchema: text,
  outputSchema: text,
  chunkSchema: text,
  metadata: texts,
})

const window = fields<Window>('window', { items: whole32, bytes: whole53 })
const session = fields<Session>('session', { id: text, metadata: texts })
const mark = fields<Mark>('mark', { index: whole32, metadata: texts })
const stackFrame = fields<StackFrame>('stackFrame', { file: text, line: whole32, function: text, source: text })

const exception: GroupOf<Exception> = fields<Exception>('exception', {
  type: text,
  bases: listOf(text),
  message: text,
  notes: listOf(text),
  frames: listOf(group(stackFrame)),
  traceback: text,
  cause: lazily('optional group', () => exception),
  category: text,
  truncated: flag,
  members: listOf(lazily('group', () => exception)),
})

const ok = fields<Ok>('ok', { value: bytes, marked: flag, metadata: optionalTexts })
const error = fields<ErrorEnd>('error', {
  code: text,
  message: text,
  details: texts,
  exception: optional(exception),
  began: flag,
})
const cancelled = fields<Cancelled>('cancelled', { rung: whole32, error: optional(error) })
const timings = fields<Timings>('timings', { queuedUs: whole53, runUs: whole53 })

type FrameOf<C extends FrameKind['$case']> = GroupOf<Extract<FrameKind, { $case: C }>['value']>

const frames: { readonly [C in FrameKind['$case']]: readonly [kind: number, of: FrameOf<C>] } = {
  hello: [
    1,
    fields<Hello>('hello', {
      protocol: whole32,
      incarnation: text,
      token: text,
      codecs: listOf(text),
      version: text,
      runtime: optional(runtime),
      tools: listOf(group(tool)),
    }),
  ],
  start: [
    2,
    fields<Start>('start', {
      call: whole32,
      tool: text,
      arguments: bytes,
      window: optional(window),
      stream: presenceOf('window'),
      timeLeftMs: whole32,
      session: optional(session),
      metadata: optionalTexts,
      input: flag,
    }),
  ],
  part: [3, fields<Part>('part', { call: whole32, data: bytes })],
  items: [
    4,
    fields<Items>('items', {
      call: whole32,
      first: whole53,
      sizes: wholes32,
      body: bytes,
      marks: optionalListOf(group(mark)),
    }),
  ],
  credit: [5, fields<Credit>('credit', { call: whole32, items: whole53, bytes: whole53 })],
  end: [
    6,
    fields<End>('end', {
      call: whole32,
      outcome: choice<NonNullable<End['outcome']>>(ok, error, cancelled),
      timings: inline(timings),
    }),
  ],
  cancel: [7, fields<Cancel>('cancel', { call: whole32, reason: whole32 })],
  progress: [8, fields<Progress>('progress', { call: whole32, value: bytes })],
  log: [
    9,
    fields<Log>('log', {
      call: whole32,
      level: whole32,
      source: text,
      message: text,
      timeMs: whole53,
      fields: text,
      shown: optionalText,
    }),
  ],
  telemetry: [10, fields<Telemetry>('telemetry', { event: text, measurements: reals, metadata: texts, call: whole32 })],
  sessionEnd: [11, fields<SessionEnd>('sessionEnd', { session: text, reason: whole32 })],
  ping: [12, fields<Ping>('ping', { nonce: whole32 })],
  pong: [13, fields<Pong>('pong', { nonce: whole32, ticks: whole53 })],
  shutdown: [14, fields<Shutdown>('shutdown', { graceMs: whole32 })],
}

/** A kind of frame: its number, and what follows it. */
export interface FrameType {
  readonly $case: FrameKind['$case']
  readonly kind: number
  readonly of: Group
}

/** Every kind of frame by its name. */
export const frameTypes = Object.fromEntries(
  Object.entries(frames).map(([$case, [kind, of]]) => [$case, { $case, kind, of }]),
) as unknown as Readonly<Record<FrameKind['$case'], FrameType>>

/** Every kind of frame at its number. */
export const frameTypeAt: readonly (FrameType | undefined)[] = Object.values(frameTypes).reduce(
  (all: FrameType[], type) => {
    all[type.kind] = type
    return all
  },
  [],
)
