// The circuit breaker as a pure reducer: it opens after failures, rests, tries a few calls, and closes again.

/** When a breaker opens and how it closes. Times are milliseconds. */
export interface BreakerRules {
  /** Failures within `within` that open it. */
  readonly failures: number
  readonly within: number
  /** How long it stays open before calls are tried. */
  readonly cooldown: number
  /** Calls that are tried at a time, and that must succeed for it to close. */
  readonly halfOpenCalls: number
}

/** The state of a breaker. */
export type BreakerState =
  /** Calls run. `failures` are the times of the latest ones, fewer than would open it. */
  | { readonly type: 'closed'; readonly failures: readonly number[] }
  /** Calls are refused until then. */
  | { readonly type: 'open'; readonly until: number }
  /** A few calls are tried. */
  | { readonly type: 'half_open'; readonly trying: number; readonly passed: number }

/** What a breaker hears. `isTrial` is true of a call that started as a trial of this very half-open time. */
export type BreakerEvent =
  | { readonly type: 'started'; readonly at: number }
  | { readonly type: 'ended'; readonly at: number; readonly how: CallVerdict; readonly isTrial: boolean }

/** What a call's end says about what it called; `neither` for one that was cancelled or asked for the impossible. */
export type CallVerdict = 'success' | 'failure' | 'neither'

/** A breaker that has seen nothing. */
export const closedBreaker: BreakerState = { type: 'closed', failures: [] }

/** Whether a call may start; `retryAt` is unknown while trials run. */
export type Admission = { readonly type: 'admit' } | { readonly type: 'refuse'; readonly retryAt: number | undefined }

const admit: Admission = { type: 'admit' }

/** Whether a breaker lets a call start now. */
export function admits(state: BreakerState, now: number, rules: BreakerRules): Admission {
  switch (state.type) {
    case 'closed':
      return admit
    case 'open':
      return now >= state.until ? admit : { type: 'refuse', retryAt: state.until }
    case 'half_open':
      return state.trying + state.passed < rules.halfOpenCalls ? admit : { type: 'refuse', retryAt: undefined }
  }
}

/** The state after an event. Returns the same object when nothing changed. */
export function afterBreakerEvent(state: BreakerState, event: BreakerEvent, rules: BreakerRules): BreakerState {
  if (event.type === 'started') return afterStart(state, event.at)
  switch (state.type) {
    case 'closed':
      return event.how === 'failure' ? afterFailure(state.failures, event.at, rules) : state
    case 'open':
      // An answer to a question of the past.
      return state
    case 'half_open':
      return event.isTrial ? afterTrial(state, event.how, event.at, rules) : state
  }
}

function afterStart(state: BreakerState, at: number): BreakerState {
  if (state.type === 'half_open') return { ...state, trying: state.trying + 1 }
  return state.type === 'open' && at >= state.until ? { type: 'half_open', trying: 1, passed: 0 } : state
}

function afterFailure(earlier: readonly number[], at: number, rules: BreakerRules): BreakerState {
  const failures = [...earlier.filter((time) => at - time < rules.within), at]
  return failures.length >= rules.failures ? openFrom(at, rules) : { type: 'closed', failures }
}

function afterTrial(
  { trying, passed }: Extract<BreakerState, { type: 'half_open' }>,
  how: CallVerdict,
  at: number,
  rules: BreakerRules,
): BreakerState {
  switch (how) {
    case 'failure':
      return openFrom(at, rules)
    case 'success':
      return passed + 1 >= rules.halfOpenCalls
        ? closedBreaker
        : { type: 'half_open', trying: trying - 1, passed: passed + 1 }
    case 'neither':
      return { type: 'half_open', trying: trying - 1, passed }
  }
}

function openFrom(at: number, rules: BreakerRules): BreakerState {
  return { type: 'open', until: at + rules.cooldown }
}
