// Cancellation: eight ways to leave a call, what each costs the caller, and what becomes of Python and what it loaded.
//
//     node --import tsx examples/cancel/main.ts
import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { count, filter, firstValueFrom, lastValueFrom, Subject, take, tap } from 'rxjs'
import { type CallOptions, type LeaveRung, Snakepit, SnakepitError } from '../../src/index.js'
import { heading, type Leaving, outcome, say, showCancels, table } from './report.js'

interface Factored {
  readonly number: number
  readonly primes: readonly number[]
}

interface Status {
  readonly pid: number
  readonly size: number
  readonly built_in: number
  /** When each tool's `finally` ran, in seconds since 1970. */
  readonly left_at: Readonly<Record<string, number>>
}

/** A call that is left, and how far Python may have to be pushed. */
interface Situation {
  readonly tool: string
  readonly rungs: readonly LeaveRung[]
  readonly leave: (tool: string) => Promise<Left>
}

/** When it was asked for, and when the caller could go on. */
interface Left {
  readonly asked: number
  readonly free: number
}

/** What Python gets to leave a tool, in milliseconds; this is the default. */
const cancelGrace = 2_000
/** What a machine that has other things to do may take until Python is out of a tool that lets itself be interrupted. */
const patience = 5_000
const leavings: Leaving[] = []

await using pit = await Snakepit.open({
  adapter: new URL('./factors.py#Factors', import.meta.url),
  size: 1,
  cancelGrace,
  queueTimeout: 60_000,
  timeout: 60_000,
})

const { pid, size, built_in } = await pit.execute<Status>('status')
console.log(
  `Process ${pid} is warm: a table of ${size.toLocaleString('en')} factors, built in ${built_in.toFixed(2)} s.`,
)

await leaving('break', 'a generator yields for ever, and the loop wants three', {
  tool: 'factor_all',
  rungs: ['closed', 'interrupted'],
  leave: async (tool) => {
    const seen: string[] = []
    let asked = 0
    for await (const { number, primes } of pit.stream<Factored>(tool, { start: 2_024 }).values()) {
      if (seen.push(`${number} = ${primes.join(' × ')}`) < 3) continue
      asked = now()
      break
    }
    const free = now()
    say(seen.join(', '))
    return { asked, free }
  },
})

await leaving('unsubscribe', 'the same generator as an Observable; take(1000) unsubscribes when it has them', {
  tool: 'factor_all',
  rungs: ['closed', 'interrupted'],
  leave: async (tool) => {
    let asked = 0
    const numbers = pit.stream<Factored>(tool, { start: 2 }).pipe(
      tap(() => {
        asked = now()
      }),
      take(1_000),
      count(),
    )
    const came = await lastValueFrom(numbers)
    const free = now()
    assert.equal(came, 1_000)
    say(`${came} came, and none after that`)
    return { asked, free }
  },
})

await leaving('abort in time.sleep', 'Python sleeps for ten minutes', {
  tool: 'sleeps',
  rungs: ['interrupted'],
  leave: (tool) => aborted(tool),
})

await leaving('timeout in a tight loop', 'Python looks at nothing but its table, and nowhere for a cancel', {
  tool: 'loops',
  rungs: ['interrupted'],
  leave: async (tool) => {
    const timeout = 400
    const asked = now() + timeout
    const error = await pit.execute(tool, {}, { timeout }).then(assert.fail, (reason: unknown) => reason)
    const free = now()
    assert(error instanceof SnakepitError && error.code === 'timeout' && error.mayHaveRun)
    say(error.message)
    return { asked, free }
  },
})

await leaving('abort at an await', 'an async tool waits for what never comes', {
  tool: 'awaits',
  rungs: ['closed', 'interrupted'],
  leave: (tool) => aborted(tool),
})

await leaving('abort of a hogged event loop', 'an async tool never awaits, so that its loop cannot cancel it', {
  tool: 'hogs',
  rungs: ['thrown'],
  leave: (tool) => aborted(tool),
})

const folder = await mkdtemp(join(tmpdir(), 'snakepit-cancel-'))
try {
  const [path, blocks] = [join(folder, 'table'), 10]
  await leaving('abort inside a shield', `a save of ${blocks} blocks has begun, inside context.shield()`, {
    tool: 'saves',
    rungs: ['interrupted'],
    leave: (tool) => aborted(tool, { path, blocks }, 0),
  })
  const { size: saved } = await stat(path)
  assert.equal(saved, blocks * 4_000)
  say(`the file is whole: ${saved.toLocaleString('en')} bytes`)
} finally {
  await rm(folder, { recursive: true })
}

await leaving('abort of a tool that will not go', `it catches BaseException; it has ${cancelGrace} ms of grace`, {
  tool: 'stubborn',
  rungs: ['replaced'],
  leave: (tool) => aborted(tool),
})

table(leavings)
const { cancels, tainted } = pit.stats()
showCancels(cancels)
assert.equal(
  Object.values(cancels).reduce((sum, count) => sum + count),
  leavings.length,
)
assert.equal(tainted, 1)
console.log(`\nall as expected: ${leavings.length} calls left, ${tainted} worker lost`)

/** Leaves a call, and looks at what became of it. */
async function leaving(how: string, doing: string, { tool, rungs, leave }: Situation): Promise<void> {
  heading(leavings.length + 1, how, doing)
  const before = await pit.execute<Status>('status')
  const told = firstValueFrom(
    pit.events$.pipe(
      filter((event) => event.type === 'call-left'),
      filter((event) => event.tool === tool),
    ),
  )
  const { asked, free } = await leave(tool)
  // The only slot is free again when Python has really left: this waits for it, and needs no other sign.
  const [{ rung }, after] = await Promise.all([told, pit.execute<Status>('status')])
  const leftAt = after.left_at[tool]
  const ran = leftAt !== undefined && leftAt !== before.left_at[tool]
  const cleanedUp = !ran ? undefined : Math.max(0, leftAt * 1000 - asked)
  const kept = after.pid === before.pid && after.built_in === before.built_in
  const one: Leaving = { how, free: free - asked, cleanedUp, rung, pid: after.pid, kept }
  leavings.push(one)
  outcome(one)
  assert(rungs.includes(rung), `left by ${rung}`)
  assert.equal(kept, rung !== 'replaced')
  assert.equal(cleanedUp === undefined, rung === 'replaced')
  assert(one.free < patience && (cleanedUp ?? 0) < patience)
}

/** Aborts a call once it says that it has begun, and a moment later if asked to. */
async function aborted(tool: string, args: Readonly<Record<string, unknown>> = {}, moment = 200): Promise<Left> {
  const controller = new AbortController()
  const progress = new Subject<unknown>()
  const begun = firstValueFrom(progress)
  const options: CallOptions = { signal: controller.signal, onProgress: (what) => progress.next(what) }
  const call = pit.execute(tool, args, options).then(assert.fail, (reason: unknown) => reason)
  assert.notEqual(await Promise.race([begun, call.then(() => undefined)]), undefined, 'it was over before it began')
  await new Promise((resolve) => setTimeout(resolve, moment))
  const reason = new Error('seen enough')
  const asked = now()
  controller.abort(reason)
  assert.equal(await call, reason)
  return { asked, free: now() }
}

/** The time that Python's `time.time()` tells, in milliseconds since 1970 and with its fractions. */
function now(): number {
  return performance.timeOrigin + performance.now()
}
