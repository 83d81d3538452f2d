// Values of MessagePack that mean nothing to this side: passed over one by one, without a stack and without memory.

import { Unreadable } from '../frames/frame-reader.js'
import type { ByteCursor } from './byte-cursor.js'

/** Passes over a value of any type, with all that lies in it. */
export function skipValue(from: ByteCursor, field: string): void {
  for (let values = 1; values > 0; values--) {
    const head = from.byte(field)
    if (head < 0x80 || head >= 0xe0) continue
    if (head < 0x90) values += 2 * (head & 0x0f)
    else if (head < 0xa0) values += head & 0x0f
    else if (head < 0xc0) from.skip(head & 0x1f, field)
    else values += skipWide(from, head, field)
  }
}

/** Gives how many values follow within it. */
function skipWide(from: ByteCursor, head: number, field: string): number {
  const form = forms[head - 0xc0]
  if (form === undefined) throw new Unreadable(`${field} begins with 0x${head.toString(16)}, which is no value`)
  const { width, bytes, values } = form
  const length = width > 0 ? from.uint(width, field) : 0
  from.skip(bytes + (values > 0 ? 0 : length), field)
  return values * length
}

/** What follows a type: the width of a length, bytes beside those that it counts, values for each that it counts. */
interface Form {
  readonly width: number
  readonly bytes: number
  readonly values: number
}

const fixed = (bytes: number): Form => ({ width: 0, bytes, values: 0 })
const counted = (width: number, bytes = 0): Form => ({ width, bytes, values: 0 })
const holding = (width: number, values: number): Form => ({ width, bytes: 0, values })

/** From 0xc0 to 0xdf. */
const forms: readonly (Form | undefined)[] = [
  // nil, nothing, false, true
  ...[fixed(0), undefined, fixed(0), fixed(0)],
  // bytes
  ...[counted(1), counted(2), counted(4)],
  // extensions, with their type
  ...[counted(1, 1), counted(2, 1), counted(4, 1)],
  // numbers
  ...[fixed(4), fixed(8)],
  ...[fixed(1), fixed(2), fixed(4), fixed(8)],
  ...[fixed(1), fixed(2), fixed(4), fixed(8)],
  // extensions of a fixed length, with their type
  ...[fixed(2), fixed(3), fixed(5), fixed(9), fixed(17)],
  // texts, lists, maps
  ...[counted(1), counted(2), counted(4)],
  ...[holding(2, 1), holding(4, 1)],
  ...[holding(2, 2), holding(4, 2)],
]
