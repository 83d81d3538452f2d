// What was written down of calls, on both sides of the process boundary, and the laws that it is held against.

/** One thing that happened to one call. Plain data: one JSON line each, where it is written to a file. */
export interface LedgerEvent {
  /** `host` is the caller, `worker` the tool. */
  readonly side: 'host' | 'worker'
  /** What the caller calls it; the tool gets it as an argument, and says it again in everything that it answers. */
  readonly call: string
  /** Milliseconds. The laws go by the order of the events of one side; this is for people. */
  readonly at: number
  /**
   * Host: `submit`, `chunk` (not the final one, whose news is the `terminal`), `abort` (the caller leaves, however),
   * `terminal`. Worker: `start`, `yield` (written before the item is handed out), `end` (the tool was left, however).
   */
  readonly kind: 'submit' | 'start' | 'chunk' | 'yield' | 'end' | 'terminal' | 'abort'
  /** Position in the stream, from 0: of a `chunk` as the reader was told, of a `yield` as the tool counts. */
  readonly seq?: number | undefined
  /** The call that a `chunk`, or the value of a `terminal`, says that it belongs to. */
  readonly nonce?: string | undefined
  /** The incarnation that ran the call. */
  readonly worker?: string | undefined
  /** Of a `terminal` or an `end`. */
  readonly outcome?: 'ok' | 'error' | 'cancelled' | undefined
  /** What the error of a `terminal` claims; undefined where it claims nothing. */
  readonly mayHaveRun?: boolean | undefined
  /** The code of the error of a `terminal`: for people. */
  readonly code?: string | undefined
}

/** A broken law. */
export type Fault =
  /** No terminal; or chunks are missing after a normal end. */
  | 'lost'
  /** Two terminals, a chunk twice, or a call that is not idempotent was executed twice. */
  | 'doubled'
  /** An answer came that no tool gave to this call. */
  | 'cross-talk'
  /** Something came after the terminal or the abort. Behind an abort, one terminal that is not `ok` is in time. */
  | 'late'
  /** A chunk came where another one was due. */
  | 'out-of-order'
  /** The caller was told that the call never ran, but it did. */
  | 'denied'

/** A law that a call broke, and how. */
export interface Finding {
  readonly fault: Fault
  readonly call: string
  readonly what: string
}

/** What the laws have to be told. */
export interface LedgerRules {
  /** Calls that may be executed more than once. Default: none. */
  readonly idempotent?: (call: string) => boolean
  /** `host` when no worker wrote anything down: then only what callers saw is judged. Default `both`. */
  readonly sides?: 'both' | 'host'
}

type Find = (fault: Fault, what: string) => void

/** Every broken law. The events of one side must be in the order in which they happened; the two sides may be mixed. */
export function findingsOf(events: Iterable<LedgerEvent>, rules: LedgerRules = {}): Finding[] {
  const findings: Finding[] = []
  for (const [call, { host, worker }] of byCall(events)) {
    const find: Find = (fault, what) => findings.push({ fault, call, what })
    const delivered = judgeCaller(call, host, find)
    if (rules.sides === 'host') continue
    judgeExecutions(worker, rules.idempotent?.(call) ?? false, find)
    judgeTogether(host, worker, delivered, find)
  }
  return findings
}

/** What the caller saw. Returns the positions of the chunks that it was given. */
function judgeCaller(call: string, events: readonly LedgerEvent[], find: Find): ReadonlySet<number> {
  const delivered = new Set<number>()
  let due = 0
  let isOver = false
  let isAborted = false
  for (const event of events) {
    const { kind, seq, nonce, outcome } = event
    if (kind === 'abort') isAborted = true
    if (kind !== 'chunk' && kind !== 'terminal') continue
    if (nonce !== undefined && nonce !== call) find('cross-talk', `a ${kind} of ${nonce} came`)
    if (kind === 'terminal') {
      if (isOver) find('doubled', `a second terminal came: ${told(event)}`)
      else if (isAborted && outcome === 'ok') find('late', 'it ended well after it was aborted')
      isOver = true
      continue
    }
    if (isOver || isAborted) find('late', `chunk ${seq} came after the ${isOver ? 'terminal' : 'abort'}`)
    if (seq === undefined) continue
    if (delivered.has(seq)) find('doubled', `chunk ${seq} came twice`)
    else if (seq !== due) find('out-of-order', `chunk ${seq} came where ${due} was due`)
    delivered.add(seq)
    due = seq + 1
  }
  if (!isOver && events.some(({ kind }) => kind === 'submit')) find('lost', 'no terminal came')
  return delivered
}

/** What the tools saw. */
function judgeExecutions(events: readonly LedgerEvent[], isIdempotent: boolean, find: Find): void {
  const starts = events.filter(({ kind }) => kind === 'start')
  if (starts.length > 1 && !isIdempotent) {
    find('doubled', `it was executed ${starts.length} times, on ${starts.map(({ worker }) => worker).join(', ')}`)
  }
  if (count(events, 'end') > starts.length) find('doubled', 'its tool was left more often than it was entered')
}

/** What one side says against the other. */
function judgeTogether(
  host: readonly LedgerEvent[],
  worker: readonly LedgerEvent[],
  delivered: ReadonlySet<number>,
  find: Find,
): void {
  const hasStarted = count(worker, 'start') > 0
  const yielded = new Set(worker.flatMap(({ kind, seq }) => (kind === 'yield' && seq !== undefined ? [seq] : [])))
  for (const seq of delivered) if (!yielded.has(seq)) find('cross-talk', `chunk ${seq} came, which nobody yielded`)
  if (hasStarted && host.length === 0) find('cross-talk', 'a tool ran for nobody')
  for (const { kind, outcome, mayHaveRun, code } of host) {
    if (kind !== 'terminal') continue
    if (mayHaveRun === false && hasStarted) find('denied', `${code ?? 'the error'} says that it never ran`)
    if (outcome !== 'ok') continue
    if (count(worker, 'end') === 0) find('cross-talk', 'it ended well, but its tool did not')
    const missing = [...yielded].filter((seq) => !delivered.has(seq))
    if (missing.length > 0) find('lost', `it ended well without the chunks ${missing.join(', ')}`)
  }
}

/** The most calls that ran on each worker at one time, by the order in which the workers wrote. */
export function mostAtOnce(events: Iterable<LedgerEvent>): Map<string, number> {
  const running = new Map<string, number>()
  const most = new Map<string, number>()
  for (const { side, kind, worker = '' } of events) {
    if (side !== 'worker' || (kind !== 'start' && kind !== 'end')) continue
    const now = (running.get(worker) ?? 0) + (kind === 'start' ? 1 : -1)
    running.set(worker, now)
    most.set(worker, Math.max(most.get(worker) ?? 0, now))
  }
  return most
}

/** How many calls there were, and how they ended for their callers. A test that proves little shows it here. */
export function tallyOf(events: Iterable<LedgerEvent>): Record<string, number> {
  const counts: Record<string, number> = { submitted: 0, executed: 0, chunks: 0, aborts: 0 }
  const names = { submit: 'submitted', start: 'executed', chunk: 'chunks', abort: 'aborts' } as const
  for (const event of events) {
    const { kind } = event
    const name = kind === 'terminal' ? told(event) : kind === 'yield' || kind === 'end' ? undefined : names[kind]
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/**
 * The events in lines of JSON. The last line of a process that was killed may be torn, and is left out.
 *
 * @throws SyntaxError when any other line is not JSON
 */
export function eventsFrom(lines: readonly string[]): LedgerEvent[] {
  return lines.flatMap((line, index) => {
    try {
      return [JSON.parse(line) as LedgerEvent]
    } catch (error) {
      if (index === lines.length - 1) return []
      throw error
    }
  })
}

/** The findings in words, with everything that is known of the first few calls; empty when there are none. */
export function report(findings: readonly Finding[], events: readonly LedgerEvent[], most = 5): string {
  const calls = [...new Set(findings.map(({ call }) => call))].slice(0, most)
  const known = calls.flatMap((call) => [
    ...findings.filter((finding) => finding.call === call).map(({ fault, what }) => `${call}: ${fault}: ${what}`),
    ...events.filter((event) => event.call === call).map((event) => `    ${JSON.stringify(event)}`),
  ])
  return findings.length === 0 ? '' : [`${findings.length} broken laws`, ...known].join('\n')
}

/** @throws Error with the report when a law was broken */
export function assertLawful(events: readonly LedgerEvent[], rules?: LedgerRules): void {
  const findings = findingsOf(events, rules)
  if (findings.length > 0) throw new Error(report(findings, events))
}

function byCall(events: Iterable<LedgerEvent>): Map<string, { host: LedgerEvent[]; worker: LedgerEvent[] }> {
  const calls = new Map<string, { host: LedgerEvent[]; worker: LedgerEvent[] }>()
  for (const event of events) {
    let call = calls.get(event.call)
    if (call === undefined) {
      call = { host: [], worker: [] }
      calls.set(event.call, call)
    }
    call[event.side].push(event)
  }
  return calls
}

function count(events: readonly LedgerEvent[], kind: LedgerEvent['kind']): number {
  return events.reduce((sum, event) => (event.kind === kind ? sum + 1 : sum), 0)
}

function told({ outcome, code }: LedgerEvent): string {
  return code ?? outcome ?? 'terminal'
}
