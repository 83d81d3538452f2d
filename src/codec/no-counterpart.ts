// Objects whose content lies where nobody can read it from outside: they would arrive as empty dicts, so they are refused
// with what to send instead.
import { types } from 'node:util'
import { describe } from '../errors/expectation.js'

/** What to do instead, by the name that an object gives itself (`Symbol.toStringTag`), whatever realm or package it is of. */
const insteads: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Blob: 'send `new Uint8Array(await blob.arrayBuffer())`',
    File: 'send `new Uint8Array(await file.arrayBuffer())`, and its `name` and `type` beside it',
    Response:
      'send what it holds: `await response.json()`, `.text()` or `new Uint8Array(await response.arrayBuffer())`',
    Request: 'send what it holds: `await request.json()`, `.text()` or `new Uint8Array(await request.arrayBuffer())`',
    FormData: 'send `Object.fromEntries(form)`, and the bytes of its files',
    Headers: 'send `Object.fromEntries(headers)`',
    URLSearchParams: 'send `Object.fromEntries(params)`, or its text: `String(params)`',
    WeakRef: 'send what it refers to: `ref.deref()`',
    AbortSignal: 'a call is cancelled by its option `signal`',
    AbortController: 'a call is cancelled by its option `signal`',
  }),
)

const collect = 'which gives its values one by one: collect them in a list first'

/** Why an object cannot be given to Python, and what to do; undefined for those that can, by their own members. */
export function refusalOf(value: object): string | undefined {
  const tag = tagOf(value)
  const instead = insteads.get(tag)
  if (instead !== undefined) return `a ${tag}, which has no counterpart in Python: ${instead}`
  if (isStream(value, tag))
    return `${describe(value)}, which has no counterpart in Python: send what it holds, once you have read it`
  if (givesValues(value)) return `${describe(value)}, ${collect}`
  if (types.isRegExp(value) || isTimer(value) || tag.startsWith('Intl.')) return withoutCounterpart(value)
  if (Object.keys(value).length > 0 || isPlainOfAnyRealm(value)) return undefined
  return `${describe(value)} without enumerable members of its own, of which Python would get nothing: send a plain object`
}

/** Iterables of either kind, and Observables. */
export function givesValues(value: object): boolean {
  if (Symbol.iterator in value || Symbol.asyncIterator in value) return true
  return 'subscribe' in value && typeof value.subscribe === 'function'
}

/** The sentence for objects that nothing can be done about. */
export function withoutCounterpart(value: object): string {
  return `${describe(value)}, which has no counterpart in Python`
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1)
}

/** Web streams by their names, those of Node by what they do: their own members are their insides. */
function isStream(value: object, tag: string): boolean {
  if (tag === 'ReadableStream' || tag === 'WritableStream' || tag === 'TransformStream') return true
  return 'pipe' in value && typeof value.pipe === 'function' && 'on' in value && typeof value.on === 'function'
}

/** What `setTimeout`, `setInterval` and `setImmediate` of Node give. */
function isTimer(value: object): boolean {
  return 'hasRef' in value && typeof value.hasRef === 'function' && 'unref' in value
}

/** `{}`, `Object.create(null)`, and the same of another realm (`vm`, a test runner). */
function isPlainOfAnyRealm(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}
