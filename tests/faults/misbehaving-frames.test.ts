// A worker whose frames break the rules: only its own calls end, it is replaced, and everybody else goes on.
// timeout: 180 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Chunk, type ErrorCode, Snakepit, SnakepitError } from '../../src/index.js'
import { isCoded } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { adapterOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { within } from '../support/within.js'
import { Bystanders } from './kit/bystanders.js'

/** What becomes of a call in whose course a rule is broken: its value, its error, or the end of its worker. */
type Outcome =
  | { readonly value: unknown }
  | { readonly code: ErrorCode; readonly message?: RegExp }
  | { readonly breaks: RegExp }
  /** Nobody can read it: the wire breaks before the rules do. */
  | 'unreadable'

const well: Outcome = { value: 'well' }
const seven: Outcome = { value: 7 }
const undecodable: Outcome = { code: 'undecodable_value', message: /cannot be decoded/ }
const notForPlain: Outcome = { breaks: /items came for a call that does not stream/ }
const strangeStart: Outcome = { breaks: /call \d+ was started twice, or with an id of the wrong side/ }
const greeting: Outcome = { breaks: /a second greeting came/ }

/** By mode: what becomes of a plain call, and of a stream where that is something else. */
const outcomes: Record<string, readonly [plain: Outcome, stream?: Outcome]> = {
  truncated_varint: ['unreadable'],
  endless_varint: ['unreadable'],
  wrong_wire_type: ['unreadable'],
  group_never_ends: ['unreadable'],
  message_too_large: ['unreadable'],
  number_beyond_53_bits: ['unreadable'],
  item_beyond_53_bits: ['unreadable'],
  end_with_deep_causes: ['unreadable'],
  end_with_very_deep_causes: ['unreadable'],
  garbage: ['unreadable'],
  tag_0: [well],
  invalid_utf8: [well],
  empty_message: [well],
  empty_frames: [well],
  unknown_field: [well],
  unknown_kind: [well],
  second_hello: [greeting],
  second_hello_wrong_token: [greeting],
  shutdown: [well],
  session_end: [well],
  pong_for_nobody: [well],
  cancel_for_nobody: [well],
  cancel_of_own: [well],
  credit_for_nobody: [well],
  credit_of_own: [well],
  start_with_odd_id: [strangeStart],
  start_with_own_id: [strangeStart],
  start_with_id_0: [strangeStart],
  start_of_unknown_tool: [well],
  items_for_a_plain_call: [notForPlain, { breaks: /item 0 came where 1 was due/ }],
  items_for_nobody: [well],
  items_without_credit: [notForPlain, { breaks: /more items came than the window of 256/ }],
  bytes_without_credit: [notForPlain, { breaks: /more bytes came than the window of 1048576/ }],
  items_with_a_gap: [notForPlain, { breaks: /item 5 came where 0 was due/ }],
  items_again: [notForPlain, { breaks: /item 0 came where 1 was due/ }],
  items_of_wrong_size: [notForPlain, { breaks: /a frame of 1 bytes announces 9/ }],
  items_of_no_size: [notForPlain, well],
  items_after_the_end: [seven],
  end_twice: [seven],
  end_without_outcome: [{ breaks: /ended a call without saying how/ }],
  end_for_nobody: [well],
  end_of_the_largest_id: [well],
  end_of_nonsense: [undecodable],
  end_with_trailing_bytes: [undecodable],
  end_of_deep_value: [undecodable],
  end_of_vast_array: [undecodable],
  end_of_vast_map: [undecodable],
  end_of_vast_bytes: [undecodable],
  end_with_unknown_code: [{ code: 'protocol_error', message: /an unknown error 'no_such_code': odd/ }],
  end_with_proto_details: [{ code: 'python_error' }],
  parts_without_end: [undecodable, { breaks: /a frame of 100005 bytes announces 5/ }],
  parts_for_nobody: [well],
  parts_of_calls_to_come: [well],
  parts_then_another_end: [{ code: 'python_error' }],
  flood_of_pings: [well],
  flood_of_logs: [well],
  flood_of_progress: [well],
  flood_of_telemetry: [well],
  flood_of_starts: [well],
  progress_of_nonsense: [well],
  log_forged: [well],
}

const prototype = Object.getOwnPropertyNames(Object.prototype).join()

const pit = await Snakepit.open({
  adapter: adapterOf(import.meta.url, 'rogue.py'),
  transport: 'grpc',
  size: 2,
  concurrency: 2,
  startBatch: 2,
  drain: 0,
  timeout: 60_000,
  restart: { backoff: 0, jitter: 0, maxCrashes: 10_000 },
  barrier: false,
})
await pit.ready()
const others = await Bystanders.of(pit, 2)
test.after(() => pit.close())

for (const [mode, [plain, stream = plain]] of Object.entries(outcomes)) {
  test(`guarantee:G10, guarantee:G30, guarantee:G31, FAULT-01: ${mode}`, async () => {
    await breakRule(plain, () => pit.execute('rogue', { mode }))
    await breakRule(stream, () => lastOf(pit.stream('rogue_stream', { mode })))
    await nothingEscaped()
    assert.is(Object.getOwnPropertyNames(Object.prototype).join(), prototype)
    assert.is(({} as Record<string, unknown>).polluted, undefined)
  })
}

test('guarantee:G10: nothing of the other worker was lost on the way', () => others.leave())

/** Breaks a rule in a call beside another one on the same worker; the outcome tells how both end. */
async function breakRule(outcome: Outcome, call: () => Promise<unknown>): Promise<void> {
  const before = await pit.execute<number>('pid')
  const sibling = new AbortController()
  const beside = reasonOf(pit.execute('waits', {}, sibling))
  const isLost = outcome === 'unreadable' || 'breaks' in outcome
  try {
    if (isLost) {
      isLoss(await reasonOf(call()), outcome)
      isLoss(await beside, outcome)
    } else if ('value' in outcome) {
      assert.is(await within(call(), 'the value'), outcome.value)
    } else {
      isCoded(await reasonOf(call()), outcome.code, outcome.message)
    }
  } finally {
    sibling.abort()
  }
  if (!isLost) assert.is(await beside, sibling.signal.reason)
  await others.goOn()
  const after = await pit.execute<number>('pid')
  assert.is(after !== before, isLost, 'whether the worker was replaced')
}

function isLoss(error: unknown, outcome: 'unreadable' | { readonly breaks: RegExp }): void {
  if (outcome !== 'unreadable') isCoded(error, 'protocol_error', outcome.breaks)
  assert.instance(error, SnakepitError)
  const { code, mayHaveRun } = error as SnakepitError
  assert.is(code, 'protocol_error')
  assert.is(mayHaveRun, true)
}

/** What came last; the end without a value of its own does not count. */
async function lastOf(chunks: AsyncIterable<Chunk>): Promise<unknown> {
  let last: unknown
  for await (const { data, isFinal } of chunks) if (!isFinal || data !== null) last = data
  return last
}

test.run()
