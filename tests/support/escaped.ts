// What is thrown where nobody can catch it, from the moment that a test file imports this.
import * as assert from 'uvu/assert'
import { quiet } from './within.js'

const escaped: unknown[] = []
process.on('unhandledRejection', (reason) => escaped.push(reason))
process.on('uncaughtException', (error) => escaped.push(error))
process.once('exit', () => {
  if (escaped.length === 0) return
  console.error('escaped after the last look:', ...escaped)
  process.exitCode = 1
})

/** Checks that nothing was thrown where nobody can catch it since this was last asked. */
export async function nothingEscaped(): Promise<void> {
  await quiet()
  assert.equal(escaped.splice(0).map(String), [])
}
