// What a program gets is its own, and what it does with it, or throws at it, harms nobody else.
import { lastValueFrom, map, take, toArray } from 'rxjs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NdArray } from '../../src/index.js'
import { all } from '../support/all.js'
import { buffersIn, ownedIn } from '../support/owned.js'
import { adapterOf, openOne, pidOf } from '../support/pit.js'
import { reasonOf } from '../support/rejection.js'
import { turn, until, within } from '../support/within.js'

const pit = await openOne(adapterOf(import.meta.url, 'deliveries.py'), { concurrency: 4 })
test.after(() => pit.close())

interface Mixed {
  readonly bytes: Uint8Array
  readonly list: readonly [Uint8Array, NdArray]
  readonly floats: NdArray
}

/** Takes the memory away, as `postMessage` with a transfer list, byte streams and WebAssembly do. */
function transfer(view: ArrayBufferView): void {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
  assert.is(view.byteLength, 0)
}

const isFilled = (view: ArrayBufferView, byte: number) =>
  new Uint8Array(view.buffer).every((each) => each === byte) && view.byteLength > 0

for (const size of [4, 5_000, 300_000]) {
  test(`PAYLOAD-02: byte strings of ${size}: each chunk owns its memory, and taking one away leaves the others`, async () => {
    const kept = await pit.stream<Uint8Array>('frames', { n: 12, size }).toArray()
    assert.is(ownedIn(kept).length, 12)
    kept.forEach((each, index) => {
      if (index % 2 === 0) transfer(each)
    })
    kept.forEach((each, index) => {
      if (index % 2 === 1) assert.ok(isFilled(each, index), `${index}`)
    })
    const values = await pit.stream<Mixed>('mixed', { n: 6, size }).toArray()
    assert.is(ownedIn(values).length, 6 * 4)
    transfer((values[2] as Mixed).floats.data)
    for (const [index, { bytes, list, floats }] of values.entries()) {
      assert.ok(isFilled(bytes, index) && isFilled(list[0], index) && isFilled(list[1].data, index))
      if (index !== 2) assert.is((floats.data as Float64Array)[3 * size - 1], index)
    }
  })
}

test('PAYLOAD-02, API-06: a chunk is taken away before the next one is read: iterated, pushed, as a web stream', async () => {
  const args = { n: 50, size: 100_000 }
  let seen = 0
  for await (const value of pit.stream<Uint8Array>('frames', args, { window: 8 }).values()) {
    assert.ok(isFilled(value, seen++))
    transfer(value)
  }
  await pit
    .stream<Uint8Array>('frames', args)
    .values()
    .forEach((value) => {
      assert.ok(isFilled(value, seen++ - 50))
      transfer(value)
    })
  for await (const value of pit.stream<Uint8Array>('frames', args).values().toReadable()) {
    assert.ok(isFilled(value, seen++ - 100))
    transfer(value)
  }
  assert.is(seen, 150)
  // Node's own pool is whole, and no other call's bytes are seen.
  assert.is(Buffer.from('still here').toString(), 'still here')
})

test('PAYLOAD-02: single values, small and assembled from parts, progress and final chunks own their memory too', async () => {
  for (const size of [0, 1, 100, 1_000_000, 5_000_000]) {
    const bytes = await pit.execute<Uint8Array>('block', { size })
    assert.is(bytes.length, size)
    ownedIn(bytes)
    assert.ok(size === 0 || isFilled(bytes, 7))
  }
  for (const rows of [1, 1_000]) {
    const array = await pit.execute<NdArray>('matrix', { rows, columns: 1_000 })
    ownedIn(array)
    assert.equal([array.dtype, array.shape, array.data.at(-1)], ['float32', [rows, 1_000], rows * 1_000 - 1])
  }
  const reported: Uint8Array[] = []
  await pit.execute(
    'reports',
    { n: 20, size: 10 },
    { onProgress: (told) => reported.push((told as { value: Uint8Array }).value) },
  )
  assert.is(ownedIn(reported).length, 20)
  transfer(reported[0] as Uint8Array)
  assert.ok(reported.slice(1).every((each, index) => isFilled(each, index + 1)))
  assert.is(buffersIn(reported).length, 20)
})

test('STREAM-10, API-06: an onProgress that throws or rejects fails the call with that, and Python leaves the tool', async () => {
  const before = pidOf(pit)
  for (const [name, fail] of [
    ['throws', () => assert.unreachable('mine')],
    ['rejects', async () => Promise.reject(new Error('mine'))],
  ] as const) {
    const call = pit.execute('reports', { n: 1, size: 1, name }, { onProgress: fail })
    assert.match(String(await reasonOf(call)), /mine/)
    await left(name)
  }
  assert.is(pidOf(pit), before)
})

test('ERR-04, STREAM-10: an onProgress that ends the call itself and throws then is reported, and harms no other call', async () => {
  const reported: unknown[] = []
  const onUncaught = (error: unknown) => reported.push(error)
  process.on('uncaughtException', onUncaught)
  try {
    const own = new Error('too late')
    const controller = new AbortController()
    const onProgress = () => {
      controller.abort('enough')
      throw own
    }
    const { signal } = controller
    assert.is(await reasonOf(pit.execute('reports', { n: 1, size: 1, name: 'late' }, { onProgress, signal })), 'enough')
    await until(() => reported.length > 0, 'the report')
    assert.equal(reported, [own])
    await left('late')
  } finally {
    process.off('uncaughtException', onUncaught)
  }
})

test('API-05: values() is AsyncIterable and Observable in one, cold, and each use is one call', async () => {
  const values = pit.stream<{ loss: number }>('trains', { n: 3 }).values()
  const losses = [1, 1 / 2, 1 / 3]
  const observed = values.pipe(
    map(({ loss }) => loss),
    toArray(),
  )
  assert.equal(await lastValueFrom(observed), losses)
  assert.equal(
    (await all(values)).map(({ loss }) => loss),
    losses,
  )
  const read: number[] = []
  for await (const { loss } of values.toReadable()) read.push(loss)
  assert.equal(read, losses)
  const few = pit.stream('endless', { name: 'values' }).values().pipe(take(3), toArray())
  assert.equal(await lastValueFrom(few), [0, 1, 2])
  await left('values')
})

test('API-05: toArray() gives what was yielded, final() what the generator returned or the tool marked', async () => {
  assert.equal(await pit.stream('trains', { n: 2 }).toArray(), [
    { epoch: 0, loss: 1 },
    { epoch: 1, loss: 0.5 },
  ])
  assert.equal(await pit.stream('trains', { n: 2 }).final(), { best: 1 })
  assert.equal(await pit.stream('marks', { metadata: {} }).final(), { n: 1 })
  assert.equal(await pit.stream('marks', { metadata: {} }).toArray(), [{ n: 0 }, { n: 1 }])
  assert.is(await pit.stream('frames', { n: 2, size: 1 }).final(), null)
  assert.match(String(await reasonOf(pit.stream('trains', { n: 'two' }).final())), /epochs|`n`/)
  assert.match(String(await reasonOf(pit.stream('block', { size: 1 }).toArray())), /does not stream/)
})

test('API-05, STREAM-05: metadata of the tool changes neither what values() gives nor who marked the final chunk', async () => {
  const metadata = { synthetic_final: 'true', worker_id: 'mine', own: 'kept' }
  const chunks = await all(pit.stream('marks', { metadata }))
  assert.equal(
    chunks.map(({ data, isFinal }) => [data, isFinal]),
    [
      [{ n: 0 }, false],
      [{ n: 1 }, true],
    ],
  )
  const last = chunks.at(-1)?.metadata
  assert.is(last?.synthetic_final, undefined)
  assert.is(last?.own, 'kept')
  assert.is.not(last?.worker_id, 'mine')
  const values = pit.stream('marks', { metadata }).values()
  assert.equal(await all(values), [{ n: 0 }, { n: 1 }])
  assert.equal(await lastValueFrom(values.pipe(toArray())), [{ n: 0 }, { n: 1 }])
})

async function left(name: string): Promise<void> {
  const seen = async () => {
    while ((await pit.execute<string[]>('ends', { name })).length === 0) await turn()
  }
  await within(seen(), `${name} to be left`)
}

test.run()
