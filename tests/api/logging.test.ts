// Python's logging: what a program sets up does what it says, and each record reaches the host once.
import { firstValueFrom, takeWhile, timeout, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { WorkerLog } from '../../src/index.js'
import { adapterOf, nextLog, openOne, patience } from '../support/pit.js'

const pit = await openOne(adapterOf(import.meta.url, 'logs.py'))
test.after(() => pit.close())
test.after.each(async () => void (await pit.execute('sets_up', { how: 'reset' })))

type SetUp = { level: number; handlers: string[]; path: string }

test('PROC-02, TELE-04: logging is found as a script finds it', async () => {
  assert.equal(await pit.execute('as_found'), { handlers: [], level: 30 })
})

test('PROC-02, TELE-04, PY-08: without any set-up, warnings and worse come, with level, logger and call', async () => {
  const seen = await recordsOf()
  assert.equal(
    seen.map(({ level, source, message, shown }) => [level, source, message, shown]),
    ['warning', 'error', 'critical'].map((level) => [level, 'app.db', `${level} of app.db`, `${level} of app.db`]),
  )
  for (const { call } of seen) assert.type(call, 'number')
})

test('PROC-02, TELE-04: basicConfig sets level and format; the host gets the message, and what was written of it', async () => {
  const { level, handlers } = await pit.execute<SetUp>('sets_up', { how: 'basic' })
  assert.equal([level, handlers], [10, ['StreamHandler']])
  const seen = await recordsOf()
  assert.equal(
    seen.map(({ message }) => message),
    ['debug', 'info', 'warning', 'error', 'critical'].map((each) => `${each} of app.db`),
  )
  assert.is(seen[1]?.shown, 'FMT INFO info of app.db')
})

test('PROC-02, TELE-04: basicConfig writes to a file; nothing of it would be seen on a terminal', async () => {
  const { path } = await pit.execute<SetUp>('sets_up', { how: 'file' })
  const seen = await recordsOf()
  assert.equal(
    seen.map(({ level, shown }) => [level, shown]),
    ['info', 'warning', 'error', 'critical'].map((level) => [level, '']),
  )
  const lines = await pit.execute<string[]>('reads', { path })
  assert.is(lines[0], 'app.db says info of app.db')
  assert.is(lines.length, 4)
})

test('PROC-02, TELE-04: force, dictConfig and fileConfig, which disable and replace what was there', async () => {
  for (const how of ['basic', 'force']) await pit.execute('sets_up', { how })
  assert.is((await recordsOf())[0]?.shown, 'INFO:app.db:info of app.db')
  await pit.execute('sets_up', { how: 'dict' })
  assert.equal(
    (await recordsOf(['app', 'app.sql', 'other.lib'])).map(({ source, level, shown }) => `${source} ${level} ${shown}`),
    [
      ...['app', 'app.sql'].flatMap((name) => ['error', 'critical'].map((l) => `${name} ${l} D ${l} of ${name}`)),
      // The root has a level here, and no handler.
      ...['debug', 'info', 'warning', 'error', 'critical'].map(
        (level) => `other.lib ${level} ${/debug|info/.test(level) ? '' : `${level} of other.lib`}`,
      ),
    ],
  )
  // Loggers that are there and not named are disabled.
  await pit.execute('sets_up', { how: 'ini' })
  assert.equal(await recordsOf(['app.sql']), [])
  assert.is((await recordsOf(['fresh']))[0]?.shown, 'I info of fresh')
  const own = nextLog(pit, 'debug of the call')
  await pit.execute('by_the_context')
  assert.is((await own).source, 'snakepit.tool')
})

test('PROC-02, TELE-04: handlers that are cleared take nothing along', async () => {
  await pit.execute('sets_up', { how: 'clear' })
  assert.equal(
    (await recordsOf()).map(({ level, shown }) => [level, shown]),
    [
      ['error', ''],
      ['critical', ''],
    ],
  )
  await pit.execute('sets_up', { how: 'disable' })
  assert.equal(
    (await recordsOf()).map(({ level }) => level),
    ['critical'],
  )
})

test('PY-08, TELE-04: a record with a traceback is one record', async () => {
  const told = nextLog(pit, ({ source }) => source === 'app.db')
  await pit.execute('fails')
  const { level, message } = await told
  assert.is(level, 'error')
  assert.match(
    message,
    /^it failed\nin two lines\nTraceback \(most recent call last\):\n {2}File [\s\S]*\nKeyError: 'nothing'$/,
  )
})

test('TELE-04, SEC-05: what `extra` says comes along, as JSON and without secrets', async () => {
  const told = nextLog(pit, 'with more')
  await pit.execute('tells_more')
  const { long, loop, odd, ...fields } = (await told).fields as Record<string, unknown>
  assert.equal(fields, {
    user: 'ada',
    rows: 3,
    ratio: 0.5,
    none: null,
    tags: ['a', { b: 1 }],
    password: '***',
    url: 'postgres://***@db/x',
    infinite: 'inf',
    big: String(2n ** 70n),
  })
  assert.is(String(long).length, 1025)
  assert.type(loop, 'object')
  assert.is(odd, "<class 'object'>")
})

test('TELE-04: fields without end are cut, and it is said', async () => {
  const told = nextLog(pit, 'too much')
  await pit.execute('tells_too_much')
  const { fields } = await told
  assert.is(Object.keys(fields ?? {}).length, 9)
  assert.is(fields?.['…'], '92 more fields')
})

test('TELE-04: a record whose arguments do not fit its message is told all the same', async () => {
  const told = nextLog(pit, ({ message }) => message.startsWith("'%d rows' (its arguments do not fit: TypeError"))
  await pit.execute('misfits')
  assert.match((await told).shown ?? '', /--- Logging error ---/)
})

test('TELE-04: a record that waits in a queue is told once', async () => {
  const seen = recordsUntilOver()
  await pit.execute('by_a_queue')
  await pit.execute('logs', { names: ['nobody'] })
  assert.is((await seen).filter(({ message }) => message === 'by a queue').length, 1)
})

async function recordsOf(names = ['app.db']): Promise<WorkerLog[]> {
  const seen = recordsUntilOver()
  await pit.execute('logs', { names })
  return seen
}

function recordsUntilOver(): Promise<WorkerLog[]> {
  return firstValueFrom(
    pit.logs$.pipe(
      takeWhile(({ message }) => message !== 'over'),
      toArray(),
      timeout(patience),
    ),
  )
}

test.run()
