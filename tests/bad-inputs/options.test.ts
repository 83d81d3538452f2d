// Options that no program should hand in: refused by name with what was expected, before anything is started.
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, Snakepit } from '../../src/index.js'
import { failsWith } from '../support/errors.js'
import { nothingEscaped } from '../support/escaped.js'
import { eventually } from '../support/eventually.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary.js'
import { nobodyLeft, strangers } from './harmless.js'

const adapter = adapterOf(import.meta.url, 'plain.py')
const odd = adapterOf(import.meta.url, 'odd_adapters.py')
const aPackage = fileURLToPath(new URL('../api/adapters/shop', import.meta.url))
const folder = temporaryFolder()
const file = (name: string, content: string | Uint8Array, mode = 0o644) => {
  writeFileSync(join(folder, name), content, { mode })
  return join(folder, name)
}
test.after.each(nothingEscaped)

const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()
const nameless = Object.defineProperty(() => 1, 'name', { value: Symbol('none') })
const elfOfAnotherMachine = Uint8Array.from({ length: 120 }, (_, at) => [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1][at] ?? 0xb7)

const refused: [string, object, ErrorCode, RegExp][] = [
  ['python 2.7', { python: fixture('claims_2_7.sh') }, 'python_not_found', /too old: Python 2\.7\.18/],
  ['python of another machine', { python: file('elf', elfOfAnotherMachine, 0o755) }, 'python_not_found', /elf': /],
  ['python that is empty', { python: file('empty', '', 0o755) }, 'python_not_found', /not Python: it said nothing/],
  ['python of a megabyte', { python: 'x'.repeat(1_000_000) }, 'python_not_found', /no such command on PATH/],
  ['python below a file', { python: `${adapter}/python` }, 'python_not_found', /not found/],
  ['python of two lines', { python: 'a\nb' }, 'python_not_found', /got 'a\\nb'/],
  [
    'adapter on another machine',
    { adapter: new URL('file://host/x.py') },
    'invalid_option',
    /`adapter`.*file:\/\/host/,
  ],
  ['adapter with a slash in its name', { adapter: new URL('file:///a%2Fb.py') }, 'invalid_option', /`adapter`.*a%2Fb/],
  ['adapter with a broken escape', { adapter: new URL('file:///a%E0%A4.py') }, 'invalid_option', /`adapter`/],
  ['adapter of a megabyte', { adapter: `./${'x'.repeat(1_000_000)}.py` }, 'invalid_option', /`adapter`/],
  ['module of a megabyte', { adapter: 'x'.repeat(1_000_000) }, 'invalid_option', /`adapter`/],
  ['adapter of two lines', { adapter: './a\nb.py' }, 'invalid_option', /'\.\/a\\nb\.py' does not exist/],
  ['adapter that is a device', { adapter: '/dev/null' }, 'invalid_option', /\/dev\/null, which is no file/],
  ['adapter that is a package', { adapter: aPackage }, 'invalid_option', /those of '.*shop\/__init__.py'/],
  ['module with a dash', { adapter: 'my-tools' }, 'invalid_option', /`adapter`.*got 'my-tools'/],
  [
    'adapter that is abstract',
    { adapter: `${odd}:Abstract` },
    'worker_start_failed',
    /`Abstract` is abstract, `.*` is missing/,
  ],
  ['adapter that is a function', { adapter: `${odd}:function` }, 'worker_start_failed', /no `BaseAdapter` class/],
  ['adapter that is an instance', { adapter: `${odd}:instance` }, 'worker_start_failed', /no `BaseAdapter` class/],
  ['adapter that wants arguments', { adapter: `${odd}:Demanding` }, 'worker_start_failed', /TypeError.*'price'/],
  [
    'import cycle',
    { adapter: cycle() },
    'worker_start_failed',
    /ImportError: cannot import name 'hatch' from 'chicken'/,
  ],
  ['cwd with a NUL', { cwd: '/tmp\0' }, 'invalid_option', /`cwd` to be a folder that is there/],
  ['cwd too long', { cwd: '/x'.repeat(10_000) }, 'invalid_option', /`cwd`/],
  ['cwd below a file', { cwd: `${adapter}/x` }, 'invalid_option', /`cwd`/],
  ['env that is a Map', { env: new Map([['A', 'b']]) }, 'invalid_option', /`env` to be an object of texts.*Map/],
  ['env too large', { env: { BIG: 'x'.repeat(200_000) } }, 'worker_start_failed', /could not be run.*E2BIG/],
  [
    'env that breaks Python',
    { env: { PYTHONHOME: '/nowhere' } },
    'worker_start_failed',
    /exit code 1[\s\S]*PYTHONHOME/,
  ],
  ['env that Python refuses', { env: { PYTHONHASHSEED: 'x' } }, 'worker_start_failed', /PYTHONHASHSEED must be/],
  [
    'more at least than at most',
    { minSize: 4, maxSize: 2 },
    'invalid_option',
    /`maxSize`.*`minSize` \(4\) at least, got 2/,
  ],
  ['size beyond its bounds', { size: 9, minSize: 1, maxSize: 2 }, 'invalid_option', /`size`.*`maxSize` \(2\) at most/],
  ['size without words', { size: revoked }, 'invalid_option', /`size`.*an object that cannot be looked at/],
  ['size that is an odd function', { size: nameless }, 'invalid_option', /`size`.*function Symbol\(none\)/],
  ['option of two lines', { 'a\nb': 1 }, 'invalid_option', /unknown option 'a\\nb'/],
  ['option of a megabyte', { ['o'.repeat(1_000_000)]: 1 }, 'invalid_option', /unknown option 'o+…'/],
  ['option that is a trap', JSON.parse('{"__proto__": {"size": 9}}'), 'invalid_option', /unknown option '__proto__'/],
  ['pools that are a list', { pools: [{}] }, 'invalid_option', /`pools`.*got an array of 1/],
  ['pools that are a Map', { pools: new Map([['a', {}]]) }, 'invalid_option', /`pools`.*Map/],
  ['pool that is a list', { pools: { a: [] } }, 'invalid_option', /`pools\.a`.*array of 0/],
  ['pool without a name', { pools: { '': {} } }, 'invalid_option', /`name` to be 1 to 64 letters/],
  ['pool within a pool', { pools: { a: { pools: {} } } }, 'invalid_option', /unknown option 'pools' of pool 'a'/],
]
for (const [what, options, code, message] of refused) {
  test(`API-13, ERR-01: ${what}: ${code}, by name, with nothing left`, async () => {
    const opening = Snakepit.open({ adapter, size: 1, ...own(options) } as never).then((pit) => pit.close())
    const error = await failsWith(opening, code, message)
    assert.is(error.mayHaveRun, false)
    assert.ok(error.message.length < 5000, `a message of ${error.message.length} characters`)
    assert.equal(strangers(), [])
  })
}

test('API-13: options that throw when they are read are refused, with the cause', async () => {
  const cause = new Error('mine')
  const throwing = {
    adapter,
    get size(): number {
      throw cause
    },
  }
  const error = await failsWith(Snakepit.open(throwing), 'invalid_option', /`options` to be an object that can be read/)
  assert.is(error.cause, cause)
  await failsWith(Snakepit.open(revoked as never), 'invalid_option', /an object that cannot be looked at/)
})

class Options {
  adapter = adapter
  size = 1
}
let asked = 0
const unusual: Record<string, object> = {
  'with getters': {
    get adapter() {
      return adapter
    },
    get size() {
      return 1
    },
  },
  'whose getters change their mind': {
    adapter,
    get size() {
      return asked++ === 0 ? 1 : Number.NaN
    },
  },
  'without a prototype': Object.assign(Object.create(null), { adapter, size: 1 }),
  'of a class of their own': new Options(),
  'frozen, and their pools too': Object.freeze({ adapter, pools: Object.freeze({ a: Object.freeze({ size: 1 }) }) }),
  'with a queue that holds nobody': { adapter, size: 1, maxQueue: 0 },
  'with a grace longer than the timeout': { adapter, size: 1, timeout: 5000, cancelGrace: 60_000 },
  'with a PATH that leads nowhere': { adapter, size: 1, env: { PATH: '' } },
  'with names and values of many lines': { adapter, size: 1, env: { 'A\nB': 'x\ny' } },
  'with warnings as errors': { adapter, size: 1, env: { PYTHONWARNINGS: 'error', PYTHONDEVMODE: '1' } },
  'with Python made to stay': { adapter, size: 1, env: { PYTHONINSPECT: '1', PYTHONOPTIMIZE: '2' } },
  'with Python made to speak ASCII': { adapter, size: 1, env: { PYTHONUTF8: '0', PYTHONIOENCODING: 'ascii' } },
  'whose adapter has a dash in its file': {
    adapter: file('my-tools.py', 'from snakepit_bridge import tool\n\n@tool\ndef whoami() -> int:\n    return 1\n'),
    size: 1,
  },
  'whose pool has a name of JavaScript': { adapter, size: 1, pools: JSON.parse('{"__proto__": {}, "toString": {}}') },
}
for (const [what, options] of Object.entries(unusual)) {
  test(`API-13: options ${what} are options`, async () => {
    const pit = await Snakepit.open(options as never)
    assert.is(typeof (await pit.execute('whoami')), 'number')
    await pit.close()
    assert.equal(strangers(), [])
  })
}

test('API-13: options that are mutated while it opens change nothing', async () => {
  const options = { adapter, size: 1, window: { items: 4 }, restart: { backoff: 0 }, env: { A: '1' } }
  const opening = Snakepit.open(options)
  Object.assign(options, { adapter: 5, size: Number.NaN, window: null, restart: null, env: null })
  await using pit = await opening
  assert.is(pit.workers().length, 1)
})

test('FAULT-01, POOL-08: a working directory that is deleted later: running calls go on, a lost worker is named with it', async () => {
  const cwd = join(folder, 'leaves')
  mkdirSync(cwd)
  const restart = { backoff: 0, maxStartFailures: 0 }
  await using pit = await openOne(adapter, { cwd, restart, barrier: false })
  rmdirSync(cwd)
  assert.is(await pit.execute('echo', { value: 1 }), 1)
  process.kill(pidOf(pit), 'SIGKILL')
  await eventually(() => pit.workers()[0]?.state !== 'ready', 'the end of the worker')
  const error = (await reasonOf(pit.execute('whoami'))) as Error
  assert.match(`${error.message} ${String(error.cause)}`, /working directory '.*leaves'/)
})

test('API-07, CLEAN-02: nothing is left of all that', () => nobodyLeft())

/** Own members only: `__proto__` in a literal would be the prototype. */
function own(options: object): object {
  const copy = {}
  for (const [name, value] of Object.entries(options)) {
    Object.defineProperty(copy, name, { value, enumerable: true })
  }
  return copy
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../python/fixtures/${name}`, import.meta.url))
}

/** Two modules that need each other before they are there. */
function cycle(): string {
  file('chicken.py', 'from egg import lay\n\nhatch = lay\n')
  file('egg.py', 'from chicken import hatch\n\nlay = hatch\n')
  return join(folder, 'chicken.py')
}

test.run()
