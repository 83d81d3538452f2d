// `npm run demo`: one Python worker trains a real model three times, and TypeScript watches in three ways.
import assert from 'node:assert/strict'
import { bufferCount, filter, lastValueFrom, map, pairwise, takeWhile, tap } from 'rxjs'
import { PythonError, Snakepit } from '../../src/index.js'
import { type Epoch, heading, paint, proven, TrainingScreen } from './screen.js'

interface Status {
  readonly pid: number
  readonly images: number
  readonly loads: number
  readonly trainings: number
  readonly cleanups: number
  readonly last_epoch: number
}

console.log(paint('dim', 'Finding a Python with scikit-learn, or building one (the first time takes a minute) …'))

await using pit = await Snakepit.open({
  adapter: new URL('./digits.py#Digits', import.meta.url),
  requirements: ['scikit-learn>=1.4'],
  size: 1,
  onSetup: (line) => console.log(paint('dim', `  ${line}`)),
})

const worker = pit.workers()[0]?.info()
assert(worker)
const before = await pit.execute<Status>('status')
console.log(
  `Python ${worker.python.version} is warm (pid ${worker.pid}, ${worker.startedInMs} ms), ${before.images} images loaded.`,
)

await iterate()
await pipe()
await cancel()
await fail()

console.log(`\n${paint('bold', 'Done.')} The worker stops with the program.`)

/** A stream is an AsyncIterable. */
async function iterate(): Promise<void> {
  heading('1. for await', 'Every epoch arrives when Python yields it.')
  const epochs = 40
  const screen = new TrainingScreen(epochs)
  let last: Epoch | undefined
  for await (const epoch of pit.stream<Epoch>('train', { epochs }).values()) {
    screen.show(epoch)
    last = epoch
  }
  screen.done()
  assert(last !== undefined && last.epoch === epochs && last.accuracy > 0.9)
  proven(`${epochs} epochs, ${(last.accuracy * 100).toFixed(1)}% of unseen digits read correctly`)
}

/** A stream is an RxJS Observable: operators decide what is seen, and when it is enough. */
async function pipe(): Promise<void> {
  heading('2. pipe', 'RxJS smooths the loss over five epochs and stops the training once it hardly improves.')
  const smoothed = pit.stream<Epoch>('train', { epochs: 500, seed: 2 }).pipe(
    filter((chunk) => !chunk.isFinal),
    map((chunk) => chunk.data),
    bufferCount(5),
    map((five) => ({
      epoch: five.at(-1)?.epoch ?? 0,
      loss: five.reduce((sum, { loss }) => sum + loss, 0) / five.length,
    })),
    tap(({ epoch, loss }) => console.log(`epoch ${String(epoch).padStart(3)}  mean loss ${loss.toFixed(4)}`)),
    pairwise(),
    takeWhile(([previous, { loss }]) => previous.loss - loss > 0.02, true),
  )
  const [, enough] = await lastValueFrom(smoothed)
  const { trainings, cleanups, last_epoch } = await pit.execute<Status>('status')
  assert(enough.epoch < 500 && last_epoch < 500)
  assert.equal(cleanups, trainings)
  proven(`takeWhile left at epoch ${enough.epoch} of 500, and Python stopped training (its last epoch: ${last_epoch})`)
}

/** Every call takes an AbortSignal. */
async function cancel(): Promise<void> {
  heading('3. AbortController', 'A training is cancelled in the middle. The worker and its data stay.')
  const epochs = 1000
  const controller = new AbortController()
  const screen = new TrainingScreen(epochs)
  const reason = new Error('seen enough')
  let abortedAt = 0
  try {
    for await (const epoch of pit.stream<Epoch>('train', { epochs, seed: 3 }, { signal: controller.signal }).values()) {
      screen.show(epoch)
      if (epoch.epoch === 12) {
        abortedAt = performance.now()
        controller.abort(reason)
      }
    }
    assert.fail('the loop was to end with the reason of the abort')
  } catch (error) {
    screen.done()
    assert.equal(error, reason)
  }
  const after = await pit.execute<Status>('status')
  const took = performance.now() - abortedAt
  assert.equal(after.pid, before.pid)
  assert.equal(after.loads, 1)
  assert.equal(after.cleanups, after.trainings)
  proven(`the loop ended with the reason of the abort: "${reason.message}"`)
  proven(
    `Python's finally ran (${after.cleanups} of ${after.trainings} trainings cleaned up), last epoch ${after.last_epoch} of ${epochs}`,
  )
  proven(
    `the same worker (pid ${after.pid}) answered ${took.toFixed(1)} ms later, with its data loaded ${after.loads} time`,
  )
}

/** A mistake comes back as what Python said. */
async function fail(): Promise<void> {
  heading('4. errors', 'What Python raises arrives with its type and its traceback.')
  try {
    for await (const epoch of pit.stream<Epoch>('train', { hidden: -1 }).values()) console.log(epoch)
    assert.fail('a network with -1 neurons was to be refused')
  } catch (error) {
    assert(error instanceof PythonError && error.is('ValueError'))
    proven(`${error.type} at ${error.frames.at(-1)?.function}(): ${error.exception.message.split('\n')[0]}`)
  }
}
