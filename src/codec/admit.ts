// What the program hands in is looked at before it is encoded: everything that Python could not get as it was
// meant is refused with its path, and the few JavaScript values with no encoding of their own are replaced.
import { types } from 'node:util'
import { describe, shorten } from '../errors/expectation.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { NdArray, type TypedArray } from './nd-array.js'
import { givesValues, refusalOf, withoutCounterpart } from './no-counterpart.js'

/** How deep values may be nested. */
export const maxDepth = 100

// What Python's `datetime` can hold.
const firstInstant = Date.parse('0001-01-01T00:00:00.000Z')
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z')

/** How many elements a list may have; more than that belongs into a typed array. */
export const maxElements = 100_000_000

/** How many bytes an encoded value may have; the other side takes no more. */
export const maxBytes = 1024 * 1024 * 1024

/**
 * Gives back the value, or a copy of those parts of it that had to be replaced: whole numbers beyond 32 bits become
 * bigints (they would turn into floats), typed arrays become {@link NdArray}s, sets become lists, `undefined` members
 * are left out.
 *
 * @throws SnakepitError `invalid_argument` naming the path of what Python cannot get
 */
export function admit(value: unknown): unknown {
  return admitAt(value, [])
}

type Path = (string | number)[]

function admitAt(value: unknown, path: Path): unknown {
  switch (typeof value) {
    case 'number':
      return isLong(value) ? BigInt(value) : value
    case 'string':
      if (!value.isWellFormed()) throw refuse(path, 'a string with a lone surrogate, which is no Unicode text')
      return value
    case 'boolean':
    case 'bigint':
      return value
    case 'undefined':
      return null
    case 'object':
      return value === null ? null : admitObject(value, path)
    default:
      throw refuse(path, `${describe(value)}, which Python cannot be given`)
  }
}

function admitObject(value: object, path: Path): unknown {
  if (path.length > maxDepth)
    throw refuse(path.slice(0, 6), `a value nested deeper than ${maxDepth} levels, or one that holds itself`)
  try {
    if (Array.isArray(value)) return admitArray(value, path)
    if (ArrayBuffer.isView(value)) return admitView(value, path)
    const plain = isPlain(value)
    if (!plain) {
      const admitted = admitBuiltIn(value, path)
      if (admitted !== undefined) return admitted
    }
    if ('then' in value && typeof value.then === 'function') throw refuse(path, 'a Promise: await it first')
    if ('toJSON' in value && typeof value.toJSON === 'function') return admitAt(value.toJSON(), [...path, 'toJSON()'])
    if (!plain || givesValues(value)) {
      const refusal = refusalOf(value)
      if (refusal !== undefined) throw refuse(path, refusal)
    }
    return admitRecord(value as Record<string, unknown>, path)
  } catch (error) {
    if (error instanceof SnakepitError) throw error
    throw refuse(path, 'an object that throws when it is read', error)
  }
}

/** Most objects are, and need not be asked what else they are. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What the language itself has, also of another realm (`vm`, a test runner). Undefined for everything else. */
function admitBuiltIn(value: object, path: Path): unknown {
  if (types.isAnyArrayBuffer(value)) return admitView(new Uint8Array(value), path)
  if (types.isDate(value)) {
    const time = value.getTime()
    if (Number.isNaN(time)) throw refuse(path, 'an invalid Date')
    if (time < firstInstant || time > lastInstant)
      throw refuse(path, 'a Date outside the years 1 to 9999, which Python cannot hold')
    return value instanceof Date ? value : new Date(time)
  }
  if (value instanceof NdArray) return admitView(value.data, path) && value
  if (types.isMap(value)) return admitMap(value, path)
  if (types.isSet(value)) return admitArray([...value], path)
  if (types.isBoxedPrimitive(value)) return admitAt(value.valueOf(), path)
  if (types.isPromise(value)) throw refuse(path, 'a Promise: await it first')
  // Before its own `toJSON` is asked, which many errors have.
  if (value instanceof Error || types.isNativeError(value)) throw refuse(path, withoutCounterpart(value))
  return undefined
}

function admitArray(array: readonly unknown[], path: Path): unknown[] {
  if (array.length > maxElements) throw tooLong(path, array.length)
  let copy: unknown[] | undefined
  for (let index = 0; index < array.length; index++) {
    const element = array[index]
    path.push(index)
    const admitted = admitAt(element, path)
    path.pop()
    if (admitted !== element) {
      copy ??= Array.from(array)
      copy[index] = admitted
    }
  }
  return copy ?? (array as unknown[])
}

function admitRecord(record: Record<string, unknown>, path: Path): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(record)) {
    if (!key.isWellFormed()) throw refuse(path, 'a key with a lone surrogate, which is no Unicode text')
    const member = record[key]
    path.push(key)
    const admitted = member === undefined ? undefined : admitAt(member, path)
    path.pop()
    if (admitted !== member || member === undefined) {
      copy ??= Object.assign(Object.create(null), record) as Record<string, unknown>
      if (member === undefined) delete copy[key]
      else copy[key] = admitted
    }
  }
  return copy ?? record
}

function admitMap(map: ReadonlyMap<unknown, unknown>, path: Path): Record<string, unknown> {
  const record: Record<string, unknown> = Object.create(null)
  for (const [key, member] of map) {
    const text = keyOf(key)
    if (text === undefined) {
      const kinds = 'keys must be strings, numbers, bigints or Dates'
      throw refuse(path, `a Map with the key ${describe(key)}, which has no text of its own: ${kinds}`)
    }
    if (text in record) {
      throw refuse(path, `a Map with two keys that are both '${shorten(text)}' as text, which is what keys travel as`)
    }
    record[text] = member
  }
  return admitRecord(record, path)
}

/** Keys travel as text, which Python reads again as the hint of a `dict` says. Undefined for those that have none. */
function keyOf(key: unknown): string | undefined {
  switch (typeof key) {
    case 'string':
      return key
    case 'bigint':
      return key.toString()
    case 'number':
      if (!Number.isFinite(key)) return undefined
      // Python reads no exponents where it wants an `int`.
      return Number.isInteger(key) ? BigInt(key).toString() : String(key)
    default:
      return types.isDate(key) && !Number.isNaN(key.getTime()) ? key.toISOString() : undefined
  }
}

/** Whole numbers that do not fit into 32 bits, and that a number tells apart from their neighbours. */
function isLong(value: number): boolean {
  return (value > 0xffffffff || value < -0x80000000) && Number.isInteger(value) && Math.abs(value) <= 2 ** 53
}

function admitView(view: ArrayBufferView, path: Path): unknown {
  present(view)
  if (view.byteLength > maxBytes) throw tooLarge(path, view.byteLength)
  if (view instanceof Uint8Array) return view
  if (types.isUint8Array(view) || types.isDataView(view))
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  if (types.isUint8ClampedArray(view)) return new NdArray(new Uint8Array(view.buffer, view.byteOffset, view.length))
  try {
    return new NdArray(ofThisRealm(view as TypedArray))
  } catch (cause) {
    throw refuse(path, `${describe(view)}, whose elements have no counterpart in Python`, cause)
  }
}

/** The same elements in an array of our own class. */
function ofThisRealm(array: TypedArray): TypedArray {
  const own = (globalThis as unknown as Record<string, new (...of: unknown[]) => TypedArray>)[array[Symbol.toStringTag]]
  if (own === undefined || array instanceof own) return array
  return new own(array.buffer, array.byteOffset, array.length)
}

/** Throws for a view of memory that was transferred away: it looks empty, but a new view of it cannot be made. */
function present(view: ArrayBufferView): true {
  if (view.byteLength === 0) new Uint8Array(view.buffer)
  return true
}

function tooLong(path: Path, length: number): SnakepitError {
  return new SnakepitError(
    'value_too_large',
    `the list at ${written(path)} has ${length} elements, more than the limit of ${maxElements}: use a typed array`,
    { details: { path: written(path), limit: maxElements } },
  )
}

/** The error for a value, or a part of one, that has too many bytes. */
export function tooLarge(path: Path, bytes: number): SnakepitError {
  const where = written(path)
  return new SnakepitError(
    'value_too_large',
    `the value at ${where} has ${bytes} bytes, more than the limit of ${maxBytes}: send it in pieces, or as a file`,
    { details: { path: where, limit: maxBytes } },
  )
}

function refuse(path: Path, what: string, cause?: unknown): SnakepitError {
  const where = written(path)
  return new SnakepitError('invalid_argument', `the value at ${where} is ${what}`, { details: { path: where }, cause })
}

function written(path: Path): string {
  return path.reduce<string>((text, step) => text + (typeof step === 'number' ? `[${step}]` : `.${step}`), '$')
}
