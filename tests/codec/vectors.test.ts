// The golden vectors that both languages read: the same bytes mean the same values on both sides.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeValue, encodeValue } from '../../src/codec/msgpack.js'
import { fromBytes } from '../../src/codec/nd-array.js'
import { same } from '../support/values.js'

interface Vector {
  readonly name: string
  readonly hex: string
  /** JSON, with a tag where JSON has no form: `$bigint`, `$float`, `$bytes`, `$date`, `$ndarray`. */
  readonly value: unknown
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/codec.json', import.meta.url), 'utf8')) as Vector[]

test('PAYLOAD-01, PAYLOAD-02: every golden vector decodes to its value', () => {
  assert.ok(vectors.length > 100)
  for (const { name, hex, value } of vectors) {
    assert.ok(same(decodeValue(Buffer.from(hex, 'hex')), untagged(value)), name)
  }
})

test('PAYLOAD-01, PAYLOAD-02: every value is encoded as one of its golden vectors', () => {
  const forms = new Map<string, string[]>()
  for (const { hex, value } of vectors) {
    const key = JSON.stringify(value)
    forms.set(key, [...(forms.get(key) ?? []), hex])
  }
  for (const { name, value } of vectors) {
    const hex = Buffer.from(encodeValue(untagged(value))).toString('hex')
    assert.ok(forms.get(JSON.stringify(value))?.includes(hex), `${name}: encoded as ${hex}`)
  }
})

test('PAYLOAD-01: no two golden vectors share a name or their bytes', () => {
  assert.is(new Set(vectors.map(({ name }) => name)).size, vectors.length)
  assert.is(new Set(vectors.map(({ hex }) => hex)).size, vectors.length)
})

function untagged(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(untagged)
  const [[tag, content] = ['', undefined], ...others] = Object.entries(value)
  if (others.length === 0) {
    if (tag === '$bigint') return BigInt(content as string)
    if (tag === '$float') return { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }[content as string]
    if (tag === '$bytes') return new Uint8Array(Buffer.from(content as string, 'hex'))
    if (tag === '$date') return new Date(content as string)
    if (tag === '$ndarray') {
      const { dtype, shape, hex } = content as { dtype: string; shape: number[]; hex: string }
      return fromBytes(new Uint8Array(Buffer.from(hex, 'hex')), shape, dtype)
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, untagged(member)]))
}

test.run()
