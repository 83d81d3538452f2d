// One timer for any number of due times, against a sorted list.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DueTimes, type Timed } from '../../src/pool/due-times.js'
import { HandClock } from './scripted-pool.js'

class Item implements Timed {
  heapIndex = -1
  constructor(readonly dueAt: number) {}
}

const acts = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('add' as const), in: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ type: fc.constant('delete' as const), which: fc.nat() }),
    fc.record({ type: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 30 }) }),
  ),
  { maxLength: 200 },
)

test('POOL-02: items fall due in order, never early, never late, never after they left', () => {
  fc.assert(
    fc.property(acts, (acts) => {
      const clock = new HandClock()
      const held = new Set<Item>()
      const dueTimes = new DueTimes<Item>(clock, (items) => {
        for (const item of items) {
          assert.ok(held.delete(item), 'fell due twice or after it left')
          assert.is(item.dueAt, clock.now())
        }
      })
      for (const act of acts) {
        if (act.type === 'add') {
          const item = new Item(clock.now() + act.in)
          held.add(item)
          dueTimes.add(item)
        } else if (act.type === 'delete') {
          const item = [...held][act.which % Math.max(1, held.size)]
          if (item) {
            held.delete(item)
            dueTimes.delete(item)
            dueTimes.delete(item)
          }
        } else {
          clock.advance(act.time)
          for (const item of held) assert.ok(item.dueAt > clock.now(), 'was forgotten')
        }
        assert.ok(clock.timers <= 1, 'one timer is enough')
      }
      dueTimes.close()
      assert.is(clock.timers, 0)
    }),
    { numRuns: 500 },
  )
})

test.run()
