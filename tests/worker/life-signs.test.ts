// The rules by which silence is judged, look by look.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LifeSigns, lookEvery } from '../../src/worker/life-signs.js'
import { type Deferred, deferred } from '../support/deferred.js'
import { quiet } from '../support/within.js'

/** A worker whose answers a test gives by hand, and a clock that only moves when it says so. */
class Patient {
  readonly told: string[] = []
  asked = 0
  readonly probes: Deferred<boolean>[] = []
  #said = 0
  #now = performance.now()
  readonly #signs: LifeSigns

  constructor() {
    const watched = {
      heard: () => this.#said,
      ask: () => void this.asked++,
      probe: () => {
        const probe = deferred<boolean>()
        this.probes.push(probe)
        return probe.promise
      },
      tell: (condition: string) => void this.told.push(condition),
    }
    this.#signs = new LifeSigns(watched, { interval: 2 * lookEvery, timeout: 5 * lookEvery })
  }

  says(): void {
    this.#said++
  }

  /** Lets so many looks happen, each on time or late. */
  async looks(count: number, late = 0): Promise<void> {
    for (let left = count; left > 0; left--) {
      this.#now += lookEvery + late
      this.#signs.look(this.#now)
      await quiet(2)
    }
  }

  [Symbol.dispose](): void {
    this.#signs.stop()
  }
}

test('FAULT-05: a worker that talks is not asked', async () => {
  using patient = new Patient()
  for (let look = 0; look < 10; look++) {
    patient.says()
    await patient.looks(1)
  }
  assert.is(patient.asked, 0)
  assert.equal(patient.told, [])
})

test('FAULT-05: a quiet worker is asked every interval, and stays responsive when it answers', async () => {
  using patient = new Patient()
  for (let round = 1; round <= 5; round++) {
    await patient.looks(2)
    assert.is(patient.asked, round)
    patient.says()
    await patient.looks(1)
  }
  assert.is(patient.probes.length, 0)
  assert.equal(patient.told, [])
})

test('FAULT-05: an answer after a look is late, the next one in time is not', async () => {
  using patient = new Patient()
  await patient.looks(3)
  patient.says()
  await patient.looks(1)
  assert.equal(patient.told, ['late'])
  await patient.looks(2)
  patient.says()
  await patient.looks(1)
  assert.equal(patient.told, ['late', 'responsive'])
})

test('FAULT-05, guarantee:G21: silent Python above a transport that answers is busy, for however long', async () => {
  using patient = new Patient()
  await patient.looks(4)
  assert.is(patient.probes.length, 1)
  for (let round = 0; round < 100; round++) {
    patient.probes.at(-1)?.resolve(true)
    await quiet(2)
    await patient.looks(5)
  }
  assert.equal(patient.told, ['busy'])
  assert.ok(patient.probes.length > 50, 'the transport is asked again and again')
  patient.says()
  await patient.looks(1)
  assert.equal(patient.told, ['busy', 'responsive'])
})

test('FAULT-05, guarantee:G22: a transport that is silent too means a hung worker, nine looks after the last sign', async () => {
  using patient = new Patient()
  await patient.looks(8)
  assert.equal(patient.told, [])
  await patient.looks(1)
  assert.equal(patient.told, ['hung'])
})

test('FAULT-05: a transport that refuses gives no sign of life', async () => {
  using patient = new Patient()
  await patient.looks(4)
  patient.probes[0]?.resolve(false)
  await patient.looks(5)
  assert.equal(patient.told, ['hung'])
})

test('FAULT-05, guarantee:G21: a host that cannot ask blames nobody, and asks again', async () => {
  using patient = new Patient()
  await patient.looks(4)
  for (let round = 0; round < 20; round++) {
    patient.probes.at(-1)?.reject(new Error('no descriptors left'))
    await patient.looks(1)
  }
  assert.equal(patient.told, [])
  assert.ok(patient.probes.length > 10)
})

test('FAULT-05, guarantee:G21: looks that come late prove that the host slept, and count nothing', async () => {
  using patient = new Patient()
  await patient.looks(8)
  await patient.looks(20, 60_000)
  assert.equal(patient.told, [])
  patient.says()
  await patient.looks(1)
  assert.equal(patient.told, ['late'])
})

test.run()
