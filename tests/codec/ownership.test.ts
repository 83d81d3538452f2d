// What a program receives is its own: each byte string and array has a buffer that holds nothing else.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { copyFrom, type Encoded } from '../../src/codec/encoded.js'
import { decodeValue, decodeValues, encodeValue } from '../../src/codec/msgpack.js'
import { NdArray } from '../../src/codec/nd-array.js'
import { ownedIn } from '../support/owned.js'
import { same, values } from '../support/values.js'

/** A copy of the bytes in the middle of a Buffer that others use too, as they come from a socket. */
function asReceived(bytes: Uint8Array): Buffer {
  const pool = Buffer.alloc(bytes.length + 64, 0x5a)
  pool.set(bytes, 24)
  return pool.subarray(24, 24 + bytes.length)
}

function cut(bytes: Uint8Array, size: number): Encoded {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size))
  return parts
}

test('PAYLOAD-02: every byte string and array owns its buffer, however deep it lies and however it came', () => {
  fc.assert(
    fc.property(fc.array(values(), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 9_000 }), (all, size) => {
      const encoded = all.map((value) => encodeValue(value).slice())
      const body = asReceived(Buffer.concat(encoded))
      const before = Buffer.from(body.buffer).toString('hex')
      const received = [
        decodeValues(
          body,
          encoded.map(({ length }) => length),
        ),
        encoded.map((bytes) => decodeValue(asReceived(bytes))),
        encoded.map((bytes) => decodeValues(asReceived(bytes), [bytes.length])[0]),
        encoded.map((bytes) => decodeValue(cut(asReceived(bytes), size))),
        encoded.map((bytes) => decodeValues(cut(asReceived(bytes), size), [bytes.length])[0]),
      ]
      for (const each of received) {
        assert.ok(same(each, all))
        for (const view of ownedIn(each)) new Uint8Array(view.buffer).fill(0xff)
      }
      assert.is(Buffer.from(body.buffer).toString('hex'), before, 'what it was read from is as it was')
    }),
    { numRuns: 300 },
  )
})

test('PAYLOAD-02: large byte strings and arrays go from their parts into a buffer of their own', () => {
  const bytes = Uint8Array.from({ length: 70_001 }, (_, index) => index)
  const floats = Float64Array.from({ length: 9_999 }, (_, index) => index / 3)
  const array = new NdArray(floats, [3, 3333])
  for (const size of [1, 5, 100, 4_097, 10_000, 1 << 20]) {
    for (const value of [bytes, array, { bytes, array }, [array, array]]) {
      const received = decodeValue(cut(asReceived(encodeValue(value).slice()), size))
      assert.ok(same(received, value), `${size}`)
      ownedIn(received)
    }
  }
})

test('STREAM-13: what cannot be decoded comes as bytes of its own, too', () => {
  const good = encodeValue({ n: 1 }).slice()
  const broken = Uint8Array.of(0xc1, 0xc1, 0xc1)
  const body = asReceived(Buffer.concat([good, broken, good]))
  const [, spoilt] = decodeValues(body, [good.length, broken.length, good.length])
  assert.equal(spoilt, broken)
  ownedIn(spoilt)
  const [alone] = decodeValues(asReceived(broken), [broken.length])
  assert.equal(alone, broken)
  ownedIn(alone)
  const [parted] = decodeValues(cut(asReceived(broken), 1), [broken.length])
  assert.equal(parted, broken)
  ownedIn(parted)
})

test('PAYLOAD-02: an array whose header lies is no array, and harms nobody', () => {
  const encoded = encodeValue(new NdArray(new Float32Array(4), [4])).slice()
  for (let at = 0; at < encoded.length; at++) {
    for (const byte of [0, 0x7f, 0x90, 0xcf, 0xdc, 0xff]) {
      const spoilt = encoded.slice()
      spoilt[at] = byte
      for (const way of [asReceived(spoilt), cut(spoilt, 3)]) ownedIn(decodeValues(way, [spoilt.length])[0])
    }
  }
  assert.equal(copyFrom([Uint8Array.of(1), Uint8Array.of(2, 3), Uint8Array.of(4)], 2), Uint8Array.of(3, 4))
})

test.run()
