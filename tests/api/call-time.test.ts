// The time of one call on a clock that moves by hand: when it is over, and how often anybody looks.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CallTime, type TimedCall } from '../../src/api/call-time.js'
import { HandClock } from '../pool/scripted-pool.js'
import { underHandTime } from '../schedules/hand-time.js'

const never = Number.POSITIVE_INFINITY
const whole = { tool: 'works', timeout: 1000, standstill: never, idleTimeout: 50 }
const flowing = { tool: 'works', timeout: never, standstill: 100, idleTimeout: never }

/** A call that writes down how its time ended, and how often it was looked at. */
class Watched implements TimedCall {
  constructor(readonly deadline: number) {}

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

async function timed(act: (time: CallTime, clock: HandClock, call: Watched) => void, limits = whole): Promise<Watched> {
  const clock = new HandClock()
  const call = new Watched(limits.timeout)
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
  assert.equal(ends, [
    "timeout: tool 'works' did not end within 1000 ms (`timeout`, for the whole call), all of it waiting for a free worker",
  ])
})

test('API-03: what flows is never cut, and what stands still is, by name of who keeps it', async () => {
  const keepers = [
    ['it waited for a free worker', {}],
    ['its tool gave no chunk and no progress', { mayHaveRun: true }],
    ['its reader took none of the chunks that wait', { mayHaveRun: true, unread: true }],
  ] as const
  for (const [why, state] of keepers) {
    const { ends } = await timed((time, clock, call) => {
      Object.assign(call, state)
      for (let moved = 0; moved < 100; moved++) {
        clock.advance(90)
        time.sign()
      }
      assert.equal(call.ends, [])
      clock.advance(99)
      assert.equal(call.ends, [])
      clock.advance(1)
    }, flowing)
    assert.equal(ends, [`timeout: the stream of tool 'works' stood still for 100 ms (\`streamTimeout\`): ${why}`])
  }
})

test('API-03: however often a stream moves, its timer is looked at once each limit', async () => {
  const { looks } = await timed((time, clock) => {
    for (let moved = 0; moved < 1000; moved++) {
      clock.advance(1)
      time.sign()
    }
  }, flowing)
  assert.ok(looks <= 11, `looked ${looks} times`)
})

test('API-13: without any limit nothing ends a call, and no timer fires early', async () => {
  const { ends, looks } = await timed(
    (time, clock) => {
      time.sign()
      clock.advance(2 ** 30)
    },
    { tool: 'works', timeout: never, standstill: never, idleTimeout: never },
  )
  assert.equal([ends, looks], [[], 0])
})

test.run()
