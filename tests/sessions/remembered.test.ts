// The sessions that a program asked for and did not hold: kept for their first call, and not for ever.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RememberedSessions } from '../../src/api/remembered-sessions.js'
import { Session } from '../../src/api/session.js'
import type { SessionPool } from '../../src/api/session-pool.js'
import { HandClock } from '../pool/scripted-pool.js'
import { underHandTime } from '../schedules/hand-time.js'
import { collectGarbage } from '../support/garbage.js'
import { quiet } from '../support/within.js'

/** Asks for `count` sessions that are held for so long, and keeps none. */
function ask(sessions: RememberedSessions, name: string, count: number, holdFor: number): void {
  for (let index = 0; index < count; index++) {
    sessions.addFresh(new Session(`${name}-${index}`, {} as SessionPool, {}), holdFor)
  }
}

async function left(sessions: RememberedSessions, name: string, count: number): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await quiet()
    collectGarbage()
  }
  return Array.from({ length: count }, (_, index) => sessions.get(`${name}-${index}`)).filter(Boolean).length
}

test('SESSION-05, SESSION-07: one with options is held for its time to live, one without is not', async () => {
  const clock = new HandClock()
  const sessions = new RememberedSessions()
  await underHandTime(clock, async () => {
    ask(sessions, 'plain', 100, 0)
    ask(sessions, 'optioned', 1000, 60_000)
    clock.advance(59_000)
    ask(sessions, 'later', 100, 60_000)
    assert.equal([await left(sessions, 'plain', 100), await left(sessions, 'optioned', 1000)], [0, 1000])
  })
})

test('SESSION-05: those whose time has passed make room', async () => {
  const clock = new HandClock()
  const sessions = new RememberedSessions()
  await underHandTime(clock, async () => {
    ask(sessions, 'early', 1000, 1000)
    clock.advance(1001)
    ask(sessions, 'late', 1, 1000)
    assert.equal([await left(sessions, 'early', 1000), await left(sessions, 'late', 1)], [0, 1])
  })
})

test.run()
