// Every frame that can be sent, as fast-check draws them: as they are when they have been read again.
import fc from 'fast-check'
import type { Batch, Exception, FrameKind } from '../../src/wire/wire.js'

const whole32 = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 31, 2 ** 32 - 1),
  fc.nat(2 ** 32 - 1),
)
const whole53 = fc.oneof(whole32, fc.constantFrom(2 ** 32, 2 ** 53 - 1), fc.maxSafeNat())
const enumeration = fc.nat(4)

/** Texts at both sides of every width, and names that mean something to JavaScript or JSON. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 50 }) },
  fc.constantFrom('', '__proto__', 'constructor', 'toJSON', '\0', '\u2028', '"\\', '\ufffd', 'é'.repeat(20), '😀'),
  fc.constantFrom(23, 24, 31, 32, 39, 40, 255, 256, 65535, 65536).map((length) => 'x'.repeat(length)),
)

/** Maps as a reader makes them: every name is a name like any other. */
function map<V>(values: fc.Arbitrary<V>): fc.Arbitrary<{ [key: string]: V }> {
  return fc.array(fc.tuple(text, values), { maxLength: 20 }).map((entries) => {
    const all: { [key: string]: V } = Object.create(null)
    for (const [key, value] of entries) all[key] = value
    return all
  })
}

const texts = map(text)
const window = fc.record({ items: whole32, bytes: whole53 }, plain())
const timings = fc.record({ queuedUs: whole53, runUs: whole53 }, plain())

const exception: fc.Arbitrary<Exception> = fc.letrec<{ exception: Exception }>((tie) => ({
  exception: fc.record(
    {
      type: text,
      bases: fc.array(text, { maxLength: 4 }),
      message: text,
      notes: fc.array(text, { maxLength: 3 }),
      frames: fc.array(fc.record({ file: text, line: whole32, function: text, source: text }, plain()), {
        maxLength: 4,
      }),
      traceback: text,
      cause: fc.option(tie('exception'), { nil: undefined, maxDepth: 6 }),
      category: text,
      truncated: fc.boolean(),
      members: fc
        .option(tie('exception'), { nil: undefined, maxDepth: 3 })
        .map((each) => (each === undefined ? [] : [each])),
    },
    plain(),
  ),
})).exception

const runtime = fc.record(
  { pid: whole32, executable: text, version: text, implementation: text, platform: text, packages: texts },
  plain(),
)
const parameter = fc.record(
  { name: text, type: text, required: fc.boolean(), defaultValue: text, description: text },
  plain(),
)
const tool = fc.record(
  {
    name: text,
    description: text,
    kind: enumeration,
    parameters: fc.array(parameter, { maxLength: 20 }),
    inputSchema: text,
    outputSchema: text,
    chunkSchema: text,
    metadata: texts,
  },
  plain(),
)

function plain(): { noNullPrototype: true } {
  return { noNullPrototype: true }
}

type ValueOf<C extends FrameKind['$case']> = Extract<FrameKind, { $case: C }>['value']

/** The values of every kind of frame. */
function valuesOf(bytes: fc.Arbitrary<Uint8Array>): {
  readonly [C in FrameKind['$case']]: fc.Arbitrary<ValueOf<C>>
} {
  return {
    hello: fc.record(
      {
        protocol: whole32,
        incarnation: text,
        token: text,
        codecs: fc.array(text, { maxLength: 3 }),
        version: text,
        runtime: fc.option(runtime, { nil: undefined }),
        tools: fc.array(tool, { maxLength: 3 }),
      },
      plain(),
    ),
    start: fc
      .record(
        {
          call: whole32,
          tool: text,
          arguments: bytes,
          window: fc.option(window, { nil: undefined }),
          timeLeftMs: whole32,
          session: fc.option(fc.record({ id: text, metadata: texts }, plain()), { nil: undefined }),
          metadata: texts,
          input: fc.boolean(),
        },
        plain(),
      )
      .map((start) => ({ ...start, stream: start.window !== undefined })),
    part: fc.record({ call: whole32, data: bytes }, plain()),
    items: fc.record(
      {
        call: whole32,
        first: whole53,
        sizes: fc.array(whole32, { maxLength: 20 }),
        body: bytes,
        marks: fc.array(fc.record({ index: whole32, metadata: texts }, plain()), { maxLength: 4 }),
      },
      plain(),
    ),
    credit: fc.record({ call: whole32, items: whole53, bytes: whole53 }, plain()),
    end: fc.record(
      {
        call: whole32,
        outcome: fc.oneof(
          fc
            .record({ value: bytes, marked: fc.boolean(), metadata: texts }, plain())
            .map((value) => ({ $case: 'ok' as const, value })),
          fc
            .record(
              {
                code: text,
                message: text,
                exception: fc.option(exception, { nil: undefined }),
                details: texts,
                began: fc.boolean(),
              },
              plain(),
            )
            .map((value) => ({ $case: 'error' as const, value })),
          enumeration.map((rung) => ({ $case: 'cancelled' as const, value: { rung, error: undefined } })),
        ),
        timings,
      },
      plain(),
    ),
    cancel: fc.record({ call: whole32, reason: enumeration }, plain()),
    progress: fc.record({ call: whole32, value: bytes }, plain()),
    log: fc.record(
      {
        call: whole32,
        level: enumeration,
        source: text,
        message: text,
        timeMs: whole53,
        fields: text,
        shown: fc.option(text, { nil: undefined }),
      },
      plain(),
    ),
    telemetry: fc.record(
      {
        event: text,
        measurements: map(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
        metadata: texts,
        call: whole32,
      },
      plain(),
    ),
    sessionEnd: fc.record({ session: text, reason: enumeration }, plain()),
    ping: fc.record({ nonce: whole32 }, plain()),
    pong: fc.record({ nonce: whole32, ticks: whole53 }, plain()),
    shutdown: fc.record({ graceMs: whole32 }, plain()),
  }
}

/** Bytes of any kind, also at both sides of the length from which they are sent as they lie. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  fc.constantFrom(255, 256, 32 * 1024, 32 * 1024 + 1, 65535, 65536, 70_000).map((size) => new Uint8Array(size).fill(7)),
)

/** Bytes as the JSON codec carries them. */
export const asciiBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.nat(127), { maxLength: 300 }).map((codes) => Uint8Array.from(codes)) },
  fc.constantFrom(65536, 70_000).map((size) => new Uint8Array(size).fill(55)),
)

/** One kind of frame. */
export function framesOf($case: FrameKind['$case'], bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<FrameKind> {
  return (valuesOf(bytes)[$case] as fc.Arbitrary<unknown>).map((value) => ({ $case, value }) as FrameKind)
}

/** Every kind of frame by name. */
export const frameCases = Object.keys(valuesOf(anyBytes)) as FrameKind['$case'][]

/** Batches of all kinds of frames. */
export function batches(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Batch> {
  return fc
    .array(fc.oneof(...frameCases.map(($case) => framesOf($case, bytes))), { maxLength: 6 })
    .map((kinds) => ({ frames: kinds.map((kind) => ({ kind })) }))
}
