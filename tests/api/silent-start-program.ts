// A program of its own that waits for a worker which never says a word, and collects garbage meanwhile.
//
//     node --always-turbofan --expose-gc --import tsx silent-start-program.ts <adapter>
import { Snakepit, type SnakepitError } from '../../src/index.js'
import { collectGarbage } from '../support/garbage.js'

const [adapter = ''] = process.argv.slice(2)
const collecting = setInterval(collectGarbage, 50)
try {
  await Snakepit.open({ adapter, size: 1, startTimeout: 1_500, logs: { print: false } })
} catch (error) {
  const { code, details } = error as SnakepitError
  process.stdout.write(`${code}: ${details.reason}\n`)
} finally {
  clearInterval(collecting)
}
