// Sessions: a model is loaded once per session and used by later calls, and built again when its worker is lost.
//
//     node --import tsx examples/sessions/main.ts
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PythonError, Snakepit, SnakepitError } from '../../src/index.js'

interface Loaded {
  readonly name: string
  readonly accuracy: number
  readonly seconds: number
  readonly pid: number
}

interface Prediction {
  readonly label: string
  readonly model: string
  readonly uses: number
  readonly loads: number
  readonly pid: number
}

const setosa = { features: [5.1, 3.5, 1.4, 0.2] }

await using pit = await Snakepit.open({
  adapter: new URL('./models.py#Models', import.meta.url),
  requirements: ['scikit-learn>=1.4'],
  size: 2,
  affinity: 'strict_queue',
})

await loadedOnce()
await apart()
await rebuilt()
console.log('\nall as expected')

/** The first call of a session binds it to a worker; the model that one loads is there for all later calls. */
async function loadedOnce(): Promise<void> {
  const session = pit.session('reader-1')
  const { accuracy, seconds, pid } = await session.execute<Loaded>('load_model', { name: 'iris' })
  console.log(`reader-1 loaded a model in ${(seconds * 1000).toFixed(0)} ms (accuracy ${(accuracy * 100).toFixed(0)}%)`)
  const began = performance.now()
  const predictions = await Promise.all(
    Array.from({ length: 100 }, () => session.execute<Prediction>('predict', setosa)),
  )
  const each = (performance.now() - began) / predictions.length
  assert(predictions.every((one) => one.label === 'setosa' && one.loads === 1 && one.pid === pid))
  assert.equal(predictions.at(-1)?.uses, 100)
  console.log(`and used it 100 times, ${each.toFixed(2)} ms each, always on worker process ${pid}`)
  await session.end()
  await assert.rejects(
    session.execute('predict', setosa),
    (error) => error instanceof SnakepitError && error.code === 'session_ended',
  )
}

/** Two sessions know nothing of each other. */
async function apart(): Promise<void> {
  const [wine, bare] = [pit.session('reader-2'), pit.session('reader-3')]
  await wine.execute('load_model', { name: 'wine' })
  await assert.rejects(
    bare.execute('predict', setosa),
    (error) => error instanceof PythonError && error.is('LookupError'),
  )
  console.log('\nreader-3 has no model, whatever reader-2 loaded')
  await Promise.all([wine.end(), bare.end()])
}

/** When a worker is lost, `onLost` builds the session's state again on another one; calls that come meanwhile wait. */
async function rebuilt(): Promise<void> {
  const events = new EventTarget()
  const rebuilt = once(events, 'rebuilt')
  const session = pit.session('reader-4', {
    onLost: async (calls, { worker }) => {
      console.log(`\nreader-4 lost ${worker}; loading its model again`)
      await calls.execute('load_model', { name: 'iris' })
      events.dispatchEvent(new Event('rebuilt'))
    },
  })
  const { pid } = await session.execute<Loaded>('load_model', { name: 'iris' })
  await assert.rejects(
    session.execute('crash'),
    (error) => error instanceof SnakepitError && error.code === 'worker_crashed',
  )
  await rebuilt
  const prediction = await session.execute<Prediction>('predict', setosa)
  assert.equal(prediction.label, 'setosa')
  assert.notEqual(prediction.pid, pid)
  console.log(`it reads "${prediction.label}" again, on process ${prediction.pid} instead of ${pid}`)
}
