// How a run of a call ended, as the pool counts it and as the caller hears it.
import { SnakepitError } from '../errors/snakepit-error.js'
import type { CallEnd } from '../peer/call-end.js'
import type { LeaseOutcome, LeaveRung } from '../pool/request.js'
import type { Leaving } from './leaving.js'

const ok: LeaseOutcome = { type: 'ok' }

/** What the pool counts: a call that was cancelled because its time ran out has failed. */
export function outcomeOf(end: CallEnd, leaving: Leaving | undefined): LeaseOutcome {
  switch (end.type) {
    case 'ok':
      return ok
    case 'error':
      return { type: 'error', error: end.error }
    case 'cancelled':
      return leaving === undefined ? { type: 'cancelled' } : left(end.rung, leaving, end.error)
    case 'lost': {
      const replaced = leaving?.forced === true && end.error.code === 'worker_stopping'
      return replaced ? left('replaced', leaving) : { type: 'lost', error: end.error }
    }
  }
}

function left(rung: LeaveRung, { overtime, after }: Leaving, error?: SnakepitError): LeaseOutcome {
  const how = { rung, after, error }
  return overtime === undefined ? { type: 'cancelled', left: how } : { type: 'error', error: overtime, left: how }
}

/** What one of the calls hears that a worker took with it: the same facts, and which call it was. */
export function lostWith(error: SnakepitError, tool: string, session: string | undefined): SnakepitError {
  const where = session === undefined ? '' : ` of session '${session}'`
  return new SnakepitError(error.code, `tool '${tool}'${where} was lost: ${error.message}`, {
    details: { ...error.details, tool, session },
    cause: error.cause,
    mayHaveRun: error.mayHaveRun,
  })
}
