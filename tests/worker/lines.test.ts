// Output cut into lines: bounded, printable, and the telling ones kept.
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LastLines, readable, readLines } from '../../src/worker/lines.js'
import { eventually } from '../support/eventually.js'

test('PY-08: characters cut in two by the pipe, CRLF, and an end without a newline', async () => {
  const bytes = Buffer.from('grüße 🐍\r\nzwei\n\nletzte')
  for (let size = 1; size <= 4; size++) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    )
    assert.equal(await linesOf(pieces), ['grüße 🐍', 'zwei', '', 'letzte'])
  }
})

test('SEC-05, guarantee:G29: bytes that are no text, and characters that would move a cursor', async () => {
  assert.equal(await linesOf([Buffer.from([0xff, 0x41, 0x0a])]), ['\ufffdA'])
  for (let code = 0; code < 0xa0; code++) {
    if ((code >= 0x20 && code < 0x7f) || code === 0x09) continue
    const line = readable(`a${String.fromCharCode(code)}b`)
    assert.is(line, `a\\u${code.toString(16).padStart(4, '0')}b`)
  }
  for (const mark of '\u2028\u2029\u202a\u202e\u2066\u2069') assert.not.ok(readable(mark).includes(mark))
})

test('PY-08: a line without an end is cut, and does not gather in memory', async () => {
  const lines = await linesOf(Array.from({ length: 100 }, () => Buffer.alloc(10_000, 'x')))
  assert.ok(lines.every((line) => line.length <= 8193))
  assert.is(lines.join('').replaceAll('…', '').length, 1_000_000)
})

test('FAULT-01: the last lines are kept, and the one that names a fatal error however many follow', () => {
  const last = new LastLines(false)
  for (let index = 0; index < 100; index++) last.add(`line ${index}`)
  assert.is(last.lines().length, 40)
  assert.is(last.lines().at(-1), 'line 99')
  last.add('Fatal Python error: Segmentation fault')
  assert.is(last.lines().filter((line) => line.startsWith('Fatal')).length, 1)
  for (let index = 0; index < 100; index++) last.add(`  File "x.py", line ${index}`)
  assert.is(last.lines()[0], 'Fatal Python error: Segmentation fault')
  assert.is(last.lines().length, 41)
})

test('PY-08: of what is drawn over and over the last state is a line; nothing of it is lost at the end', async () => {
  const bar = Array.from({ length: 100 }, (_, n) => `\rstate ${n}  `).join('')
  assert.equal(await linesOf([Buffer.from(`${bar}\nnext\n`)]), ['state 99', 'next'])
  assert.equal(await linesOf([Buffer.from('one\rtwo\rthree')]), ['three'])
  assert.equal(await linesOf([Buffer.from('wiped\r     \rleft\n')]), ['left'])
  assert.equal(await linesOf([Buffer.from('cut by the pipe\r'), Buffer.from('\n\n')]), ['cut by the pipe', ''])
})

test('PY-08: what waits for its newline is seen soon, once, and what follows begins a line', async () => {
  const stream = new PassThrough()
  const lines: string[] = []
  readLines(stream, (line) => lines.push(line))
  stream.write('Loading ...')
  await eventually(() => lines.length === 1, 'the line without a newline')
  stream.write(' done\n')
  stream.write('\r50 %')
  await eventually(() => lines.length === 3, 'the state of the bar')
  stream.write('\r50 %')
  stream.end('\nend\n')
  await once(stream, 'end')
  assert.equal(lines, ['Loading ...', ' done', '50 %', 'end'])
})

function linesOf(pieces: readonly Uint8Array[]): Promise<string[]> {
  return new Promise((resolve) => {
    const stream = new PassThrough()
    const lines: string[] = []
    readLines(stream, (line) => lines.push(line))
    stream.once('end', () => resolve(lines))
    for (const piece of pieces) stream.write(piece)
    stream.end()
  })
}

test.run()
