// AsyncIterables as Web streams: pulled one by one, and let go of at once.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toReadable } from '../../src/streams/to-readable.js'
import { all } from '../support/all.js'
import { reasonOf } from '../support/rejection.js'
import { ScriptedIterator } from '../support/scripted-iterator.js'
import { quiet, within } from '../support/within.js'

test('API-05: every value arrives in order, and the stream ends with the iteration', async () => {
  const source = new ScriptedIterator<number>()
  for (const value of [1, 2, 3]) source.give(value)
  source.finish()
  assert.equal(await all(toReadable(source)), [1, 2, 3])
  assert.is(source.returned, 0)
})

test('API-05, STREAM-07: nothing is pulled before it is read, and never ahead', async () => {
  const source = new ScriptedIterator<number>()
  for (const value of [1, 2, 3]) source.give(value)
  const stream = toReadable(source)
  await quiet()
  assert.is(source.begun, 0)
  const reader = stream.getReader()
  assert.is((await reader.read()).value, 1)
  await quiet()
  assert.is(source.pulled, 1)
  await reader.cancel()
})

test('API-05, API-06: cancelling a silent stream ends the iteration at once', async () => {
  const source = new ScriptedIterator<number>()
  const reader = toReadable(source).getReader()
  const pending = reader.read()
  await quiet()
  assert.is(source.pulled, 1)
  await within(reader.cancel('enough'), 'the cancel')
  assert.is(source.returned, 1)
  assert.is((await within(pending, 'the waiting read')).done, true)
  await quiet()
})

test('API-05: cancelling a stream that was never read begins nothing', async () => {
  const source = new ScriptedIterator<number>()
  await toReadable(source).cancel()
  assert.is(source.begun, 0)
  assert.is(source.returned, 0)
})

test('API-05, STREAM-09: an error of the iteration is the error of the stream', async () => {
  const source = new ScriptedIterator<number>()
  const error = new Error('lost')
  source.give(1)
  source.fail(error)
  const reader = toReadable(source).getReader()
  assert.is((await reader.read()).value, 1)
  assert.is(await reasonOf(reader.read()), error)
  assert.is(await reasonOf(reader.closed), error)
})

test('API-05, API-06: leaving a loop over it and aborting a pipe end the iteration', async () => {
  const looped = new ScriptedIterator<number>()
  looped.give(1)
  for await (const _ of toReadable(looped)) break
  assert.is(looped.returned, 1)
  const piped = new ScriptedIterator<number>()
  const abort = new AbortController()
  const pipe = toReadable(piped).pipeTo(new WritableStream(), { signal: abort.signal })
  pipe.catch(() => undefined)
  await quiet()
  abort.abort()
  await reasonOf(pipe)
  assert.is(piped.returned, 1)
})

test.run()
