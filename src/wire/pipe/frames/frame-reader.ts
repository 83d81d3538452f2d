// Lists of positions as batches: what both codecs read, strictly.
import type { Frame, FrameKind } from '../../wire.js'
import type { Field, FieldType, Group, Reals, Texts } from './field-types.js'
import { type FrameType, frameTypeAt } from './frame-fields.js'
import { maxDepth, maxMembers } from './limits.js'

/** What a codec can read. Each member must be what is asked for; `field` names it in the error. */
export interface FrameReader {
  /** Opens a list, whose members are read behind a `more` each. */
  list(field: string): void
  /** True where the innermost open list has another member; otherwise that list is closed. */
  more(): boolean
  /** Counts a member whose object costs more memory than it has bytes. */
  count(field: string): void
  /** True where nil comes, which is passed over. */
  nil(): boolean
  flag(field: string): boolean
  /** An integer from 0 up to `most`. */
  whole(most: number, field: string): number
  text(field: string): string
  bytes(field: string): Uint8Array
  /** Maps have no prototype: every name is a name like any other. */
  texts(field: string): Texts
  reals(field: string): Reals
  /** Passes over a value of any type. */
  skip(field: string): void
}

/** A message that cannot be read, and why. */
export class Unreadable extends Error {}

/** The frames of a message. Those of an unknown kind are left out. */
export function readFrames(from: FrameReader): Frame[] {
  const frames: Frame[] = []
  from.list('frames')
  while (from.more()) {
    from.count('frames')
    const frame = readFrame(from, frames.length)
    if (frame !== undefined) frames.push(frame)
  }
  return frames
}

function readFrame(from: FrameReader, index: number): Frame | undefined {
  let type: FrameType | undefined
  try {
    from.list('the frame')
    if (!from.more()) throw new Unreadable('the kind is missing')
    type = frameTypeAt[from.whole(Number.MAX_SAFE_INTEGER, 'the kind')]
    const value = type && readFields(from, type.of.fields)
    closeList(from)
    return type && { kind: { $case: type.$case, value } as unknown as FrameKind }
  } catch (error) {
    const name = type === undefined ? `frame ${index}` : `frame ${index} ('${type.$case}')`
    throw new Unreadable(`${name}: ${(error as Error).message}`)
  }
}

/** Newer peers append what this side does not know. */
function closeList(from: FrameReader): void {
  while (from.more()) from.skip('a field that is not known')
}

type Members = Record<string, unknown>

function readGroup(from: FrameReader, { fields }: Group, path: string): Members {
  from.list(path)
  const value = readFields(from, fields)
  closeList(from)
  return value
}

function readFields(from: FrameReader, fields: readonly Field[]): Members {
  const value: Members = {}
  for (const { name, path, type } of fields) {
    switch (type.type) {
      case 'inline':
        value[name] = readFields(from, type.of.fields)
        break
      case 'presence':
        value[name] = value[type.of] !== undefined
        break
      default:
        if (!from.more()) throw new Unreadable(`${path} is missing`)
        value[name] = readValue(from, type, path)
    }
  }
  return value
}

type Positional = Exclude<FieldType, { readonly type: 'inline' | 'presence' }>

function readValue(from: FrameReader, type: Positional, path: string): unknown {
  switch (type.type) {
    case 'whole':
      return from.whole(type.most, path)
    case 'bytes':
      return from.bytes(path)
    case 'flag':
      return from.flag(path)
    case 'text':
      return from.text(path)
    case 'optional text':
      return from.nil() ? undefined : from.text(path)
    case 'wholes':
      return readWholes(from, type.most, path)
    case 'optional texts':
      return from.nil() ? noTexts : from.texts(path)
    case 'optional group':
      return from.nil() ? undefined : readGroup(from, type.of, path)
    case 'group':
      return readGroup(from, type.of, path)
    case 'optional list':
      return from.nil() ? [] : readList(from, type.of, path)
    case 'list':
      return readList(from, type.of, path)
    case 'texts':
      return from.texts(path)
    case 'reals':
      return from.reals(path)
    case 'choice':
      return readChoice(from, type.of, path)
  }
}

/** Sizes of items: a few bytes of memory for each byte that came, so that the message's own limit is enough. */
function readWholes(from: FrameReader, most: number, path: string): number[] {
  const values: number[] = []
  from.list(path)
  while (from.more()) values.push(from.whole(most, path))
  return values
}

function readList(from: FrameReader, of: FieldType, path: string): unknown[] {
  const values: unknown[] = []
  from.list(path)
  while (from.more()) {
    from.count(path)
    values.push(readValue(from, of as Positional, path))
  }
  return values
}

function readChoice(from: FrameReader, of: readonly Group[], path: string): unknown {
  const index = from.whole(Number.MAX_SAFE_INTEGER, path)
  const chosen = of[index]
  if (chosen === undefined) throw new Unreadable(`${path} is ${index}, and there are ${of.length} choices, from 0`)
  return { $case: chosen.name, value: readFields(from, chosen.fields) }
}

const noTexts: Readonly<Texts> = Object.freeze(Object.create(null))

export function tooDeep(field: string): Unreadable {
  return new Unreadable(`${field} holds more than ${maxDepth} lists within each other`)
}

export function tooMany(field: string): Unreadable {
  return new Unreadable(`${field}: the message has more than ${maxMembers} members of lists and maps`)
}

export function tooLarge(field: string, value: number, most: number): Unreadable {
  return new Unreadable(`${field} is ${value}, more than ${most}`)
}
