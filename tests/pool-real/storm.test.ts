// Thousands of calls, streams and sessions at once, with aborts and dying workers: each ends once, with its own result.
// timeout: 240 s
//
//     STORM=full node --import tsx tests/pool-real/storm.test.ts
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type CallCounts,
  PythonError,
  type Session,
  type SessionCalls,
  Snakepit,
  SnakepitError,
} from '../../src/index.js'
import { nothingEscaped } from '../support/escaped.js'
import { eventually } from '../support/eventually.js'
import { adapterOf } from '../support/pit.js'
import { allGone, descendantsOf, kill, startedSince } from '../support/processes.js'
import { seeded } from '../support/seeded.js'
import { within } from '../support/within.js'

const full = { workers: 8, sessions: 200, calls: 20_000, streams: 2000, killEvery: 200, abortWithin: 8000 }
const share = { workers: 4, sessions: 50, calls: 3000, streams: 300, killEvery: 120, abortWithin: 1500 }
const plan = process.env.STORM === 'full' ? full : share

/** How an undertaking ended, for its caller. */
type Ending =
  | 'value'
  | 'python_error'
  | 'aborted'
  | 'left'
  | 'worker_crashed'
  | 'session_worker_unavailable'
  | 'not_rebuilt'
const endings = new Map<number, Ending[]>()
/** What `onLost` does is not among the calls that were planned. */
const rebuilds: Ending[] = []
const aborts = new Set<NodeJS.Timeout>()
const tools = ['echo', 'later', 'naps', 'fails', 'counts'] as const
const random = seeded(20_260_101)

test('POOL-01, FAULT-01, API-09, guarantee:G8: a storm', async () => {
  const before = { processes: descendantsOf(process.pid), resources: process.getActiveResourcesInfo() }
  const pit = await Snakepit.open({
    adapter: adapterOf(import.meta.url, 'storm.py'),
    size: plan.workers,
    concurrency: 4,
    startBatch: 8,
    maxQueue: plan.calls + plan.streams,
    queueTimeout: 200_000,
    timeout: 200_000,
    restart: { maxCrashes: 100_000, backoff: 0, jitter: 0 },
    barrier: false,
    drain: 0,
  })
  await pit.ready()
  const sessions = Array.from({ length: plan.sessions }, (_, index) =>
    pit.session(`s-${index}`, {
      affinity: index % 3 === 0 ? 'strict_queue' : 'hint',
      // Half of the strict ones begin anew when they are lost; the others stay lost.
      onLost: index % 6 === 0 ? rebuild : undefined,
    }),
  )
  const began = performance.now()
  let kills = 0
  const killer = setInterval(() => {
    const alive = pit.workers().filter(({ state }) => state === 'ready')
    // Workers that come up slowly, on a busy machine, are given the time to.
    if (alive.length < plan.workers / 2) return
    const pid = alive[Math.floor(random() * alive.length)]?.info()?.pid
    if (pid !== undefined && kill(pid)) kills++
  }, plan.killEvery)
  const all: Promise<void>[] = []
  for (let nonce = 0; nonce < plan.calls + plan.streams; nonce++) {
    const session = random() < 0.5 ? sessions[Math.floor(random() * sessions.length)] : undefined
    // Streams are spread among the calls.
    const isStream = nonce % Math.floor((plan.calls + plan.streams) / plan.streams) === 0
    all.push(isStream ? runStream(pit, session, nonce) : runCall(pit, session, nonce))
  }
  await within(Promise.all(all), 'the end of the storm', 200_000).finally(() => clearInterval(killer))
  const seconds = (performance.now() - began) / 1000

  // Python may still be leaving what was aborted.
  await eventually(() => pit.stats().running === 0 && pit.stats().queued === 0, 'the last leases to come back', 20_000)
  for (const timer of aborts) clearTimeout(timer)
  const { latencies: _, ...stats } = pit.stats()
  const told = [...endings.values()].flat()
  const seen = counted(told)
  console.log(
    `\n${told.length} ended in ${seconds.toFixed(1)} s, ${kills} kills: ${JSON.stringify(Object.fromEntries(seen))}`,
    `\n${rebuilds.length} rebuilds: ${JSON.stringify(Object.fromEntries(counted(rebuilds)))}\n${JSON.stringify(stats)}`,
  )
  assert.is(endings.size, all.length)
  assert.is(told.length, all.length, 'something ended twice')
  agree(stats, counted([...told, ...rebuilds]))
  const crashes = Object.values(stats.crashes).reduce((sum, count) => sum + count, 0)
  assert.ok(kills >= 3 && crashes >= 3 && crashes <= kills, `${kills} kills, ${crashes} crashes`)
  assert.ok((seen.get('value') ?? 0) > told.length / 2, 'most should end well')

  // Everybody is back, and every worker works.
  await eventually(() => pit.stats().workers.ready === plan.workers, 'all workers to be back', 30_000)
  await Promise.all(Array.from({ length: 100 }, (_, nonce) => pit.execute('naps', { nonce })))
  await Promise.all(sessions.map((session) => session.end()))
  assert.is(pit.stats().sessions, 0)
  await pit.close()
  await nothingEscaped()
  await allGone(startedSince(before.processes), 0)
  await eventually(() => more(before.resources) === '', `nothing to be left but ${more(before.resources)}`, 2000)
})

/** What the pool counted is what the callers saw; only who left in mid-call cannot know how it ended in Python. */
function agree(stats: CallCounts, seen: ReadonlyMap<Ending, number>): void {
  const by = (ending: Ending) => seen.get(ending) ?? 0
  const { submitted, queued, running, completed, errors, cancelled, timeouts, refused, lost } = stats
  const calls = [...seen.values()].reduce((sum, count) => sum + count, 0)
  assert.equal([queued, running, timeouts], [0, 0, 0])
  assert.is(submitted, calls - by('not_rebuilt'), 'submitted')
  assert.is(refused, by('session_worker_unavailable'), 'refused')
  const unseen = [completed - by('value'), errors - by('python_error'), lost - by('worker_crashed'), cancelled]
  assert.ok(
    unseen.every((count) => count >= 0),
    `unseen: ${unseen}`,
  )
  assert.is(
    unseen.reduce((sum, count) => sum + count, 0),
    by('aborted') + by('left'),
    `unseen: ${unseen}`,
  )
}

function counted(endings: readonly Ending[]): Map<Ending, number> {
  const counts = new Map<Ending, number>()
  for (const ending of endings) counts.set(ending, (counts.get(ending) ?? 0) + 1)
  return counts
}

async function rebuild(calls: SessionCalls): Promise<void> {
  try {
    await calls.execute('echo', { nonce: -1 })
    rebuilds.push('value')
  } catch (error) {
    rebuilds.push(endingOf(error, -1, undefined))
    throw error
  }
}

async function runCall(pit: Snakepit, session: Session | undefined, nonce: number): Promise<void> {
  const some = tools[Math.floor(random() * tools.length)] as string
  const tool = some === 'counts' && session === undefined ? 'echo' : some
  const controller = random() < 0.1 ? abortedSoon(nonce, session) : undefined
  const options = controller ? { signal: controller.signal } : {}
  try {
    const value = await (session ?? pit).execute(tool, { nonce }, options)
    if (tool !== 'counts') assert.is(value, nonce)
    else assert.equal((value as unknown[]).slice(0, 2), [nonce, session?.id])
    ended(nonce, 'value')
  } catch (error) {
    ended(nonce, endingOf(error, nonce, controller))
  }
}

async function runStream(pit: Snakepit, session: Session | undefined, nonce: number): Promise<void> {
  const n = Math.floor(random() * 60)
  const leaveAt = random() < 0.2 ? Math.floor(random() * n) : -1
  const controller = random() < 0.2 ? abortedSoon(nonce, session) : undefined
  const options = { ...(controller && { signal: controller.signal }), window: 1 + Math.floor(random() * 32) }
  const tool = random() < 0.5 ? 'streams' : 'streams_later'
  let next = 0
  try {
    for await (const value of (session ?? pit).stream(tool, { nonce, n }, options).values()) {
      if (value === null) continue
      assert.equal(value, [nonce, next])
      if (next++ === leaveAt) return ended(nonce, 'left')
    }
    assert.is(next, n, 'chunks are missing')
    ended(nonce, 'value')
  } catch (error) {
    ended(nonce, endingOf(error, nonce, controller))
  }
}

/** Not for sessions that build again: a call that is aborted while it waits for that never reaches the pool. */
function abortedSoon(nonce: number, session: Session | undefined): AbortController | undefined {
  if (session !== undefined && Number(session.id.slice(2)) % 6 === 0) return undefined
  const controller = new AbortController()
  aborts.add(setTimeout(() => controller.abort(nonce), random() * plan.abortWithin))
  return controller
}

/** Anything else than what a storm may bring is a failure. */
function endingOf(error: unknown, nonce: number, controller: AbortController | undefined): Ending {
  if (controller?.signal.aborted && error === nonce) return 'aborted'
  if (error instanceof PythonError) {
    assert.match(error.message, new RegExp(`nonce ${nonce}\\b`))
    return 'python_error'
  }
  if (error instanceof SnakepitError && error.message.includes('`onLost` could not')) return 'not_rebuilt'
  if (
    error instanceof SnakepitError &&
    (error.code === 'worker_crashed' || error.code === 'session_worker_unavailable')
  ) {
    return error.code
  }
  throw error
}

function ended(nonce: number, ending: Ending): void {
  endings.set(nonce, [...(endings.get(nonce) ?? []), ending])
}

function more(before: readonly string[]): string {
  const names = process.getActiveResourcesInfo()
  for (const name of before) if (names.includes(name)) names.splice(names.indexOf(name), 1)
  return names.filter((name) => /Process|Pipe|TCP|Socket|Timeout/.test(name)).join(', ')
}

test.run()
