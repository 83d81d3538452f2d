// The checker of calls is checked: it finds each broken law in a forged ledger, and nothing in a true one.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  assertLawful,
  eventsFrom,
  type Fault,
  findingsOf,
  type LedgerEvent,
  mostAtOnce,
  report,
  tallyOf,
} from '../support/call-ledger.js'

const host = (kind: LedgerEvent['kind'], more: Partial<LedgerEvent> = {}): LedgerEvent => {
  return { side: 'host', call: 'a', at: 0, kind, ...more }
}
const worker = (kind: LedgerEvent['kind'], more: Partial<LedgerEvent> = {}): LedgerEvent => {
  return { side: 'worker', call: 'a', at: 0, kind, worker: 'w-0', ...more }
}
const chunk = (seq: number, nonce = 'a') => host('chunk', { seq, nonce })
const terminal = (outcome: LedgerEvent['outcome'], more: Partial<LedgerEvent> = {}) =>
  host('terminal', { outcome, ...more })

/** A stream of so many chunks that went well. */
const stream = (chunks: number): LedgerEvent[] => [
  host('submit'),
  worker('start'),
  ...Array.from({ length: chunks }, (_, seq) => [worker('yield', { seq }), chunk(seq)]).flat(),
  worker('end', { outcome: 'ok' }),
  terminal('ok', { nonce: 'a' }),
]

const faultsOf = (...[events, rules]: Parameters<typeof findingsOf>): Fault[] => [
  ...new Set(findingsOf(events, rules).map(({ fault }) => fault)),
]

const crashed = { code: 'worker_crashed', mayHaveRun: true }
const lawful: Readonly<Record<string, LedgerEvent[]>> = {
  'a call': [host('submit'), worker('start'), worker('end'), terminal('ok', { nonce: 'a' })],
  'an empty stream': stream(0),
  'a stream': stream(3),
  'a call that was refused': [host('submit'), terminal('error', { mayHaveRun: false })],
  'a stream whose worker died': [
    host('submit'),
    worker('start'),
    worker('yield', { seq: 0 }),
    worker('yield', { seq: 1 }),
    chunk(0),
    terminal('error', crashed),
  ],
  'a call that was lost on its way': [host('submit'), terminal('error', crashed)],
  'a stream that was left': [
    host('submit'),
    worker('start'),
    worker('yield', { seq: 0 }),
    chunk(0),
    host('abort'),
    worker('yield', { seq: 1 }),
    terminal('cancelled'),
    worker('end', { outcome: 'cancelled' }),
  ],
  'an abort that came too late to matter': [...stream(2), host('abort')],
}

const forged: readonly (readonly [what: string, fault: Fault, events: LedgerEvent[]])[] = [
  ['a call without an end', 'lost', [host('submit'), worker('start'), worker('end')]],
  ['the last chunk is missing', 'lost', stream(3).filter(({ kind, seq }) => kind !== 'chunk' || seq !== 2)],
  ['two terminals', 'doubled', [...stream(1), terminal('ok')]],
  ['a terminal and an error', 'doubled', [...stream(1), terminal('error', crashed)]],
  ['executed twice', 'doubled', [worker('start', { worker: 'w-1' }), ...stream(1)]],
  ['a chunk twice', 'doubled', [...stream(1).slice(0, 4), chunk(0), ...stream(1).slice(4)]],
  ['left twice', 'doubled', [...stream(1), worker('end')]],
  ['a chunk of another call', 'cross-talk', stream(1).with(3, chunk(0, 'b'))],
  ['a value of another call', 'cross-talk', stream(1).with(-1, terminal('ok', { nonce: 'b' }))],
  ['a chunk that nobody yielded', 'cross-talk', stream(1).toSpliced(2, 1)],
  ['a value that nobody gave', 'cross-talk', [host('submit'), worker('start'), terminal('ok')]],
  ['a call that nobody made', 'cross-talk', [worker('start')]],
  ['a chunk after the end', 'late', [...stream(1), worker('yield', { seq: 1 }), chunk(1)]],
  ['a chunk after the abort', 'late', stream(1).toSpliced(3, 0, host('abort')).with(-1, terminal('cancelled'))],
  ['a value after the abort', 'late', stream(1).toSpliced(-1, 0, host('abort'))],
  ['chunks swapped', 'out-of-order', stream(2).with(3, chunk(1)).with(5, chunk(0))],
  ['a gap, and then it crashed', 'out-of-order', stream(2).toSpliced(3, 1).with(-1, terminal('error', crashed))],
  [
    'it ran, they say it did not',
    'denied',
    [host('submit'), worker('start'), terminal('error', { mayHaveRun: false, code: 'queue_timeout' })],
  ],
]

for (const [what, events] of Object.entries(lawful)) {
  test(`guarantee:G9, guarantee:G11, guarantee:G12: the checker lets pass: ${what}`, () => {
    assert.equal(findingsOf(events), [])
    assertLawful(events)
  })
}

for (const [what, fault, events] of forged) {
  test(`guarantee:G9, guarantee:G10, guarantee:G11, guarantee:G12: the checker finds: ${what}`, () => {
    assert.ok(faultsOf(events).includes(fault), report(findingsOf(events), events) || 'nothing was found')
    assert.throws(() => assertLawful(events), new RegExp(fault))
  })
}

test('guarantee:G12, guarantee:G13: a call that is idempotent may be executed twice, and be answered once', () => {
  const twice = [worker('start', { worker: 'w-1' }), ...stream(1)]
  assert.equal(faultsOf(twice, { idempotent: (call) => call === 'a' }), [])
  assert.equal(faultsOf([...twice, terminal('ok')], { idempotent: () => true }), ['doubled'])
})

test('guarantee:G9: without the ledgers of workers, only what callers saw is judged', () => {
  const seen = stream(3).filter(({ side }) => side === 'host')
  assert.equal(faultsOf(seen, { sides: 'host' }), [])
  assert.equal(faultsOf(seen), ['cross-talk'])
  assert.equal(faultsOf(seen.slice(0, -1), { sides: 'host' }), ['lost'])
})

test('guarantee:G5, guarantee:G9, guarantee:G11: any event that is lost, repeated or handed to another call is found', () => {
  // Both sides of many calls, mixed; each side in its order.
  const scene = fc.record({
    lengths: fc.array(fc.nat(4), { minLength: 2, maxLength: 6 }),
    order: fc.infiniteStream(fc.nat(5)),
    act: fc.constantFrom('drop', 'repeat', 'hand over'),
    which: fc.nat(),
  })
  fc.assert(
    fc.property(scene, ({ lengths, order, act, which }) => {
      const calls = lengths.map((length, index) =>
        stream(length).map((event) => ({ ...event, call: `c-${index}`, ...(event.nonce && { nonce: `c-${index}` }) })),
      )
      const events: LedgerEvent[] = []
      for (let left = calls.flat().length; left > 0; left--) {
        const open = calls.filter((call) => call.length > 0)
        events.push((open[order.next().value % open.length] as LedgerEvent[]).shift() as LedgerEvent)
      }
      assert.equal(findingsOf(events), [])
      const told = events.flatMap(({ kind }, index) => (kind === 'chunk' || kind === 'terminal' ? [index] : []))
      const index = told[which % told.length] as number
      const event = events[index] as LedgerEvent
      const other = `c-${(Number(event.call.slice(2)) + 1) % lengths.length}`
      if (act === 'drop') events.splice(index, 1)
      if (act === 'repeat') events.push(event)
      if (act === 'hand over') events[index] = { ...event, call: other }
      assert.ok(findingsOf(events).length > 0, `${act} ${JSON.stringify(event)}`)
    }),
    { numRuns: 300 },
  )
})

test('guarantee:G6: the calls that ran at once on each worker are counted', () => {
  const events = [
    worker('start', { call: 'a' }),
    worker('start', { call: 'b', worker: 'w-1' }),
    worker('end', { call: 'a' }),
    worker('start', { call: 'c' }),
    worker('start', { call: 'd' }),
  ]
  assert.equal(Object.fromEntries(mostAtOnce(events)), { 'w-0': 2, 'w-1': 1 })
})

test('guarantee:G9: a report names the laws and tells everything of the call', () => {
  const events = [...stream(1), terminal('ok')]
  const text = report(findingsOf(events), events)
  assert.match(text, /^1 broken laws\na: doubled: a second terminal came: ok\n/)
  assert.is(text.split('\n').length, 2 + events.length)
  assert.is(report([], events), '')
  assert.equal(tallyOf(events), { submitted: 1, executed: 1, chunks: 1, aborts: 0, ok: 2 })
})

test('guarantee:G9: the last line of a killed process may be torn, no other', () => {
  const lines = stream(2).map((event) => JSON.stringify(event))
  assert.equal(eventsFrom(lines), stream(2))
  assert.equal(eventsFrom([...lines, '{"side":"wor']), stream(2))
  assert.throws(() => eventsFrom(['{"side":"wor', ...lines]), SyntaxError)
})

test.run()
