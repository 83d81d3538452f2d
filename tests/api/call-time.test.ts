// The time of one call on a clock that moves by hand: when it is over, and how often anybody looks.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CallTime, type TimedCall } from '../../src/api/call-time.js'
import { HandClock } from '../pool/scripted-pool.js'
import { underHandTime } from '../schedules/hand-time.js'

const limits = { tool: 'works', timeout: 1000, idleTimeout: 50 }

/** A call that writes down how its time ended, and how often it was looked at. */
class Watched implements TimedCall {
  readonly deadline = limits.timeout
  readonly ends: string[] = []
  mayHaveRun = false
  unread = false
  looks = 0

  get hasUnread(): boolean {
    this.looks++
    return this.unread
  }

  overtime({ code, message }: { readonly code: string; readonly message: string }): void {
    this.ends.push(`${code}: ${message}`)
  }
}

async function timed(act: (time: CallTime, clock: HandClock, call: Watched) => void): Promise<Watched> {
  const clock = new HandClock()
  const call = new Watched()
  await underHandTime(clock, async () => {
    const time = new CallTime(call, limits)
    time.begin()
    act(time, clock, call)
    time.end()
  })
  return call
}

test('STREAM-11: silence counts from the last sign, and not while the reader has not taken what is there', async () => {
  const { ends } = await timed((time, clock, call) => {
    time.sign()
    clock.advance(40)
    time.sign()
    clock.advance(40)
    call.unread = true
    clock.advance(200)
    call.unread = false
    assert.equal(call.ends, [])
    clock.advance(100)
  })
  assert.equal(ends, ["idle_timeout: tool 'works' gave no chunk and no progress for 50 ms"])
})

test('STREAM-11: nobody is silent before the first run and between two runs, and the timer rests too', async () => {
  const { ends, looks } = await timed((time, clock) => {
    clock.advance(200)
    time.sign()
    clock.advance(40)
    time.rest()
    clock.advance(700)
  })
  assert.equal(ends, [])
  assert.ok(looks <= 940 / 50, `looked ${looks} times`)
})

test('POOL-04: the deadline is told once, also of a call that nobody has run', async () => {
  const { ends } = await timed((_, clock) => clock.advance(5000))
  assert.equal(ends, ["timeout: tool 'works' did not end within 1000 ms, all of it waiting for a free worker"])
})

test.run()
