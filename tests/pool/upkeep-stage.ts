// A pool whose workers are looked after, for tests that watch it.
import type { Affinity } from '../../src/pool/request.js'
import { type ProbeRequest, scriptedPool, ticket } from './scripted-pool.js'

export type Stage = ReturnType<typeof scriptedPool>

/** A pool that is up, with what was said of sessions. */
export function stageOf(...given: Parameters<typeof scriptedPool>) {
  const stage = scriptedPool(...given)
  const lost: string[] = []
  stage.pool.sessions$.subscribe((fact) => {
    if (fact.type === 'session-lost') lost.push(`${fact.session} ${fact.because}${fact.rebinds ? '' : ', for good'}`)
  })
  stage.up()
  const call = (id: string, affinity?: Affinity): ProbeRequest =>
    stage.submit('tool', { session: ticket(id, affinity) })
  return { ...stage, lost, call }
}

/** The places and their states, in short. */
export const places = ({ pool }: Pick<Stage, 'pool'>) => pool.workers().map(({ id, state }) => `${id} ${state}`)
