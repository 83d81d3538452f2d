// Output that wants to be taken for something else, that holds secrets, or that never ends.
// timeout: 120 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { WorkerLog } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, nextLog, openOne } from '../support/pit.js'

const adapter = adapterOf(import.meta.url, 'hostile_output.py')
const pit = await openOne(adapter, { restart: { backoff: 0, maxCrashes: 100 }, barrier: false })
test.after(() => pit.close())
const logs: WorkerLog[] = []
pit.logs$.subscribe((log) => logs.push(log))

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const unprintable = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

for (const way of ['print', 'logging', 'stdout', 'stderr']) {
  test(`SEC-05, guarantee:G29: no character of a line reaches the reader as more than text: ${way}`, async () => {
    logs.length = 0
    const last = nextLog(pit, ({ message }) => message.includes('forged'))
    await pit.execute('says_everything', { way })
    const { source, level, message } = await last
    assert.is.not(source, 'snakepit')
    assert.is.not(level, 'critical')
    assert.match(message, /(\\u000d)?\\u001b\[2K\\u001b\]52;c;ZXZpbA==\\u0007\{/)
    const all = logs.map((log) => log.message)
    // The tab is text; a new line is one in a record of `logging`, and otherwise a record of its own.
    for (const text of all) assert.not.match(text.replaceAll('\t', ''), unprintable)
    // `logging` ends a line at a line separator, as Python does; elsewhere it is spelled out.
    const separator = way === 'logging' ? [] : [0x2028]
    for (const code of [0, 7, 8, 27, 127, 155, 0x202e, 0x2066, ...separator]) {
      const written = `before\\u${code.toString(16).padStart(4, '0')}after ${code}`
      assert.ok(all.includes(written), `${written} in ${all.length} lines`)
    }
  })

  test(`SEC-05, guarantee:G28: what looks like a secret is blotted out: ${way}`, async () => {
    const line = nextLog(pit, ({ message }) => message.startsWith('canary'))
    const text = 'canary at https://me:hunter2@host.example with password=correct-horse'
    await pit.execute('says', { text, way })
    assert.is((await line).message, 'canary at https://***@host.example with password=***')
  })
}

test('SEC-05, guarantee:G28: last words and the error that quotes them hold no secrets either', async () => {
  const text = 'canary Authorization: Bearer abcdef123456'
  const error = await failsWith(
    pit.execute('dies_with', { text }),
    'worker_crashed',
    /canary Authorization: Bearer \*\*\*/,
  )
  assert.ok((error.details.lastLines as string[]).includes('canary Authorization: Bearer ***'))
  assert.not.match(JSON.stringify(error), /abcdef123456/)
})

for (const way of ['print', 'stdout']) {
  test(`SEC-05: a flood of lines is counted, and harms nobody: ${way}`, async () => {
    const flooded = await openOne(adapter)
    try {
      const said: WorkerLog[] = []
      flooded.logs$.subscribe((log) => said.push(log))
      const lines = 30_000
      assert.is(await flooded.execute('floods', { lines, way }), lines)
      const counts = () => said.filter(({ source }) => source === 'snakepit')
      await eventually(() => counts().length > 0, 'the count', 5_000)
      const passed = said.length - counts().length
      assert.ok(passed >= 1000 && passed <= 10_000, `${passed} of ${lines} lines passed`)
      assert.match(counts()[0]?.message ?? '', /\d+ lines were dropped: more than 1000/)
      assert.is(await flooded.execute('floods', { lines: 1, way }), 1)
    } finally {
      await flooded.close()
    }
  })
}

test('SEC-05: `logs` switches both off', async () => {
  const raw = await openOne(adapter, { logs: { rate: Infinity, redact: false } })
  try {
    const all: string[] = []
    raw.logs$.subscribe(({ message }) => all.push(message))
    await raw.execute('floods', { lines: 5000, way: 'stdout' })
    await raw.execute('says', { text: 'password=visible', way: 'stdout' })
    await eventually(() => all.includes('password=visible'), 'the last line')
    assert.is(all.length, 5001)
  } finally {
    await raw.close()
  }
})

for (const [logsOption, expected] of [
  [{ rate: 0 }, /expected `logs\.rate` to be an integer from 1 up, or Infinity, got 0/],
  [{ redact: 'yes' }, /expected `logs\.redact` to be true or false, got 'yes'/],
  [{ rates: 1 }, /unknown option 'rates' of `logs`: did you mean 'rate'/],
] as const) {
  test(`SEC-05: options that make no sense: logs: ${JSON.stringify(logsOption)}`, async () => {
    await failsWith(openOne(adapter, { logs: logsOption as never }), 'invalid_option', expected)
  })
}

test.run()
