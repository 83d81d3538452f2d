// What a script may do with sys.stdout and sys.stderr, and what its host sees of it.
import { filter, firstValueFrom, scan, timeout } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError, type WorkerLog } from '../../src/index.js'
import { adapterOf, nextLog, openOne, patience } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'

const adapter = adapterOf(import.meta.url, 'standard_streams.py')
const pit = await openOne(adapter, { concurrency: 8, logs: { rate: Infinity, print: false } })
test.after(() => pit.close())

for (const [name, fd] of [
  ['stdout', 1],
  ['stderr', 2],
] as const) {
  test(`PROC-02, PY-08: sys.${name} is a text stream like any`, async () => {
    assert.equal(await pit.execute('able', { name }), {
      text: true,
      binary: true,
      original: true,
      encoding: 'utf-8',
      // The adapter has reconfigured stdout, as scripts do.
      errors: name === 'stdout' ? 'strict' : 'backslashreplace',
      newlines: null,
      line_buffering: true,
      isatty: false,
      fileno: fd,
      closed: false,
      name: `<${name}>`,
      mode: 'w',
      abilities: [false, true, false],
      unsupported: Array(5).fill('UnsupportedOperation'),
    })
  })
}

const deeds: Record<string, string[]> = {
  reconfigures: ['ascii grüße', 'latin-1 grüße', 'utf-16 grüße', 'utf-8 grüße'],
  wraps: ['by a wrapper, grüße'],
  wraps_detached: ['by a codec, grüße'],
  cuts_characters: ['bytes, grüße'],
  writes_lines: ['one line', 'another'],
  closes: ['by a block that closes', 'closed'],
  sets_none: [],
  deletes: [],
  leaves_a_closed_file: [],
  redirects: ["gave back 'taken\\n'"],
  uses_the_original: ['to the original'],
  prints_in_a_handler: [],
}
for (const [what, expected] of Object.entries(deeds)) {
  test(`PROC-02, PROC-03, PY-08: what a tool does to its output harms no other call: ${what}`, async () => {
    const lines = linesUntil(`after ${what}`)
    assert.is(await pit.execute('does', { what }), 'done')
    await pit.execute('says', { text: `after ${what}` })
    const seen = await lines
    if (expected.length > 0) assert.equal(seen.slice(0, -1), expected)
  })
}

test('PROC-02, PY-08: stacks that Python itself prints', async () => {
  const stack = nextLog(pit, ({ message }) => message.includes('in _dumps_stacks'))
  await pit.execute('does', { what: 'dumps_stacks' })
  await stack
})

test('PROC-02: a stream that a tool puts in the place of ours, and that works, stays there', async () => {
  assert.is(await pit.execute('to_a_file'), 'kept\n')
})

test('PY-08: what is flushed without a newline is seen while the tool works, with its call', async () => {
  const waiting = nextLog(pit, 'Loading ...')
  const leave = new AbortController()
  const call = reasonOf(pit.execute('waits_for_newline', {}, { signal: leave.signal }))
  assert.type((await waiting).call, 'number')
  leave.abort()
  await call
})

test('PY-08: of a progress bar the latest state is seen, and the last one always', async () => {
  const states: WorkerLog[] = []
  const drawn = pit.logs$.pipe(filter(({ message }) => message.startsWith('progress'))).subscribe((l) => states.push(l))
  const last = nextLog(pit, 'progress 200/200')
  const began = performance.now()
  await pit.execute('draws', { states: 200, every: 0.004 })
  const took = performance.now() - began
  await last
  drawn.unsubscribe()
  assert.ok(states.length <= 2 + took / 100, `${states.length} states within ${took} ms`)
  assert.is(new Set(states.map(({ message }) => message)).size, states.length)
  for (const { source, call } of states) assert.equal([source, typeof call], ['stderr', 'number'])
})

test('PY-08: a state that is wiped is not seen, a newline of Windows is one', async () => {
  const lines = linesUntil('and on')
  await pit.execute('wipes')
  assert.equal(await lines, ['all is done', 'Windows', 'and on'])
})

test('PY-08: a progress bar of C code is no endless line', async () => {
  const last = nextLog(pit, 'raw 1000/1000')
  await pit.execute('draws_below_python', { states: 1000 })
  assert.is((await last).source, 'stderr')
})

test('PY-08: lines that calls write in pieces at the same time are kept apart', async () => {
  const names = ['a', 'b', 'c', 'd']
  const lines = names.map((name) => nextLog(pit, Array.from({ length: 50 }, (_, n) => `${name}${n} `).join('')))
  await Promise.all(names.map((name) => pit.execute('speaks_in_turns', { name, words: 50 })))
  const calls = (await Promise.all(lines)).map(({ call }) => call)
  assert.is(new Set(calls).size, names.length)
})

test('PY-08: what a thread dies of is one message', async () => {
  const told = nextLog(pit, ({ message }) => message.startsWith('Exception in thread doomed'))
  const warned = nextLog(pit, ({ message }) => message.endsWith('UserWarning: a warning'))
  await pit.execute('dies_in_a_thread')
  const { level, source, message } = await told
  assert.equal([level, source], ['error', 'stderr'])
  assert.match(message, /Traceback[\s\S]*IndexError: list index out of range$/)
  assert.is((await warned).source, 'stderr')
})

test('PY-08, FAULT-01: what was flushed without a newline is among the last words of a crash', async () => {
  await using doomed = await openOne(adapter)
  const error = await reasonOf(doomed.execute('last_words'))
  assert.instance(error, SnakepitError)
  assert.equal((error as SnakepitError).details.lastLines, ['about to divide by zero'])
})

/** The lines of stdout from now on until this one has come. */
function linesUntil(last: string): Promise<string[]> {
  return firstValueFrom(
    pit.logs$.pipe(
      filter(({ source }) => source === 'stdout'),
      scan((lines, { message }) => [...lines, message], [] as string[]),
      filter((lines) => lines.at(-1) === last),
      timeout(patience),
    ),
  )
}

test.run()
