// Who owns the memory of a received value: the law that each part of it has a buffer of its own.
import * as assert from 'uvu/assert'
import { NdArray } from '../../src/codec/nd-array.js'

/** Every run of bytes in a value, at any depth. */
export function buffersIn(value: unknown): ArrayBufferView[] {
  if (value instanceof NdArray) return [value.data]
  if (ArrayBuffer.isView(value)) return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(buffersIn)
}

/** Checks that the program may keep, change and transfer each run of bytes without harm to anybody; returns them. */
export function ownedIn(value: unknown): ArrayBufferView[] {
  const views = buffersIn(value)
  for (const view of views) {
    assert.is(view.byteOffset, 0, 'it begins its buffer')
    assert.is(view.buffer.byteLength, view.byteLength, 'its buffer holds nothing else')
    assert.not.ok(Buffer.isBuffer(view), 'it is the standard type')
  }
  assert.is(new Set(views.map(({ buffer }) => buffer)).size, views.length, 'no two share a buffer')
  return views
}
