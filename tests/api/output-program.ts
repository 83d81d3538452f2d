// A program that says nothing itself: what is on its output is its workers'.
//
//     node --import tsx output-program.ts <way> <options as JSON>
import { fileURLToPath } from 'node:url'
import { Snakepit, type SnakepitOptions } from '../../src/index.js'

const adapter = fileURLToPath(new URL('adapters/early.py', import.meta.url))
const [way = '', options = '{}'] = process.argv.slice(2)

const taken: string[] = []
const onLog: SnakepitOptions = way === 'takes all' ? { onLog: ({ message }) => void taken.push(message) } : {}
const pit = await Snakepit.open({ adapter, size: 1, drain: 0, ...onLog, ...JSON.parse(options) })
if (way === 'floods') {
  await pit.execute('floods', { lines: 20_000 })
} else {
  if (way === 'subscribes') pit.logs$.subscribe(({ message }) => taken.push(message))
  await pit.execute('says', { text: 'hello' })
}
await pit.close()
if (way === 'subscribes' || way === 'takes all') process.stdout.write(`${JSON.stringify(taken)}\n`)
else process.stderr.write('closed\n')
