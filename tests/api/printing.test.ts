// Who sees what workers print: observers from the first line on, or the program's own output.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { firstValueFrom, take, timeout, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { WorkerLog } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, openOne, patience } from '../support/pit.js'
import { within } from '../support/within.js'

const adapter = adapterOf(import.meta.url, 'early.py')
const program = fileURLToPath(new URL('output-program.ts', import.meta.url))
const start = ['printed at import', 'Importing ... imported', 'warming up']
const complaints = ['warned at import\nin two lines', 'a complaint']

test('PY-08, TELE-04: onLog is called for every line, from the first import on', async () => {
  const lines: WorkerLog[] = []
  await using pit = await openOne(adapter, { onLog: (log) => lines.push(log) })
  await pit.execute('says', { text: 'hello' })
  const of = (...sources: string[]) => lines.filter(({ source }) => sources.includes(source)).map((l) => l.message)
  await eventually(() => isDeepStrictEqual(of('stdout'), [...start, 'hello']), 'the output')
  await eventually(() => isDeepStrictEqual(of('stderr'), ['a complaint', 'hello, loud']), 'the output')
  await eventually(() => isDeepStrictEqual(of('app'), ['hello, logged\nin two lines']), 'the output')
  for (const { worker } of lines) assert.is(worker, 'default-0')
  const [early] = lines.filter(({ source }) => source === 'app.start')
  assert.equal([early?.level, early?.message], ['warning', 'warned at import\nin two lines'])
  assert.equal(early?.fields, { step: 1 })
})

test('PY-08: the first subscriber of logs$ gets the lines of the start, later ones what comes', async () => {
  await using pit = await openOne(adapter)
  const first = pit.logs$.pipe(take(5), toArray(), timeout(patience))
  const seen = (await firstValueFrom(first)).map(({ message }) => message)
  assert.equal(seen.sort(), [...start, ...complaints].sort())
  const second = firstValueFrom(pit.logs$.pipe(timeout(patience)))
  await pit.execute('says', { text: 'later' })
  assert.match((await second).message, /^later/)
})

test('PY-08: an onLog that is no function, and a `print` that is none of its words, are refused', async () => {
  await failsWith(openOne(adapter, { onLog: 'all' as never }), 'invalid_option', /expected `onLog` to be a function/)
  const logs = { print: 'stdout' as never }
  await failsWith(openOne(adapter, { logs }), 'invalid_option', /expected `logs.print` to be true, false or 'stderr'/)
})

test('TELE-04: what Python prints is printed, on the same output, with the name of the worker', async () => {
  const { out, err, code } = await run('says')
  assert.is(code, 0, err)
  assert.equal(linesOf(out), [...start, 'hello'].map(marked))
  const loud = ['warned at import', 'in two lines', 'a complaint', 'hello, loud', 'hello, logged', 'in two lines'].map(
    marked,
  )
  assert.equal(linesOf(err).sort(), [...loud, 'closed'].sort())
})

test('TELE-04: nothing is printed where somebody takes it, or the program says so', async () => {
  const all = await run('takes all')
  assert.is(all.err, '')
  assert.is(linesOf(all.out).length, 1)
  assert.is(JSON.parse(all.out).filter((line: string) => line === 'warming up').length, 1)
  const subscribed = await run('subscribes')
  assert.not.match(subscribed.out, /^\[default-0\] hello/m)
  assert.ok(JSON.parse(linesOf(subscribed.out).at(-1) ?? '').includes('hello'))
  const never = await run('says', { logs: { print: false } })
  assert.equal([never.out, never.err], ['', 'closed\n'])
})

test('TELE-04: `print` forces it, or keeps stdout for the program’s own data', async () => {
  const both = await run('takes all', { logs: { print: true } })
  assert.ok(linesOf(both.out).includes(marked('hello')))
  const quiet = await run('says', { logs: { print: 'stderr' } })
  assert.is(quiet.out, '')
  assert.ok(linesOf(quiet.err).includes(marked('hello')))
})

test('TELE-04: a reader of the program’s output that goes away harms nobody', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', program, 'floods'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let err = ''
  child.stderr.on('data', (bytes) => (err += bytes))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = await within(once(child, 'close'), 'the end of the program', 30_000)
  assert.is(code, 0, err)
  assert.match(err, /closed\n$/)
})

function marked(line: string): string {
  return `[default-0] ${line}`
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}

async function run(way: string, options: object = {}): Promise<{ out: string; err: string; code: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, way, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text))
  const [code] = await within(once(child, 'close'), 'the end of the program', 30_000)
  return { ...said, code }
}

test.run()
