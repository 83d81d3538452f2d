// The programs that every runtime and tool has to run: a little of everything that a runtime can do differently.

export const tools = `import time
from typing import Iterator
from snakepit_bridge import tool

@tool
def add(a: int, b: int) -> int:
    return a + b

@tool
def count(to: int) -> Iterator[int]:
    yield from range(to)

@tool
def echo(value: bytes) -> bytes:
    return value

@tool
def fail() -> None:
    raise ValueError("as asked")

@tool
def sleep(seconds: float) -> None:
    time.sleep(seconds)

@tool
def say(text: str) -> None:
    print(text)
`

const body = (open) => `
async function main() {
  const pit = await Snakepit.open({ adapter: './tools.py', size: 2${open} })
  const check = (name, held) => { if (!held) throw new Error('compat: ' + name) }
  const said = firstValueFrom(pit.logs$.pipe(filter(({ message }) => message === 'hello')))
  try {
    check('call', (await pit.execute('add', { a: 1, b: 2 })) === 3)
    const sums = await Promise.all(Array.from({ length: 50 }, (_, n) => pit.execute('add', { a: n, b: n })))
    check('calls at once', sums.every((sum, n) => sum === 2 * n))
    const items = []
    for await (const item of pit.stream('count', { to: 10000 }).values()) items.push(item)
    check('stream', items.length === 10000 && items[9999] === 9999)
    for await (const item of pit.stream('count', { to: 1e9 }).values()) if (item === 1000) break
    const seen = pit.stream('count', { to: 1e9 }).pipe(map(({ data }) => data), takeWhile((n) => n < 100))
    check('RxJS', (await lastValueFrom(seen)) === 99)
    const bytes = await pit.execute('echo', { value: new Uint8Array([1, 2, 255]) })
    check('bytes', bytes instanceof Uint8Array && bytes.length === 3 && bytes[2] === 255)
    const error = await pit.execute('fail').then(() => undefined, (reason) => reason)
    check('PythonError', error instanceof PythonError && error.type === 'ValueError')
    const reason = new Error('enough')
    const controller = new AbortController()
    const sleeping = pit.execute('sleep', { seconds: 60 }, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 100)
    check('abort', (await sleeping.then(() => undefined, (caught) => caught)) === reason)
    await pit.execute('say', { text: 'hello' })
    await said
  } finally {
    await pit.close()
  }
  console.log('all held')
}
`

const names = '{ PythonError, Snakepit }'
const operators = '{ filter, firstValueFrom, lastValueFrom, map, takeWhile }'

/** As an ES module. `open` is added to the options of \`Snakepit.open\`, `first` to the imports. */
export const esModule = (open = '', first = '') =>
  `${first}import ${names} from 'snakepit'\nimport ${operators} from 'rxjs'\n${body(open)}\nawait main()\n`

/** As CommonJS. */
export const commonJs = (open = '', first = '') =>
  `${first}const ${names} = require('snakepit')\nconst ${operators} = require('rxjs')\n${body(open)}
main().catch((error) => { console.error(error); process.exitCode = 1 })\n`

/** As a test of Jest, for either kind of module. */
export const jestTest = (imports) => `${imports}\n${body('')}\ntest('compat', () => main(), 60000)\n`

export const jestImports = {
  esm: `import ${names} from 'snakepit'\nimport ${operators} from 'rxjs'`,
  cjs: `const ${names} = require('snakepit')\nconst ${operators} = require('rxjs')`,
}
