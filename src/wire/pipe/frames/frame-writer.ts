// Batches as lists of positions: what both codecs write.
import { SnakepitError } from '../../../errors/snakepit-error.js'
import type { Batch, Frame } from '../../wire.js'
import type { Field, FieldType, Group, Reals, Texts } from './field-types.js'
import { type FrameType, frameTypes } from './frame-fields.js'

/** What a codec can write. A list is open until as many members were written as it was begun with. */
export interface FrameWriter {
  list(members: number): void
  nil(): void
  flag(value: boolean): void
  /** A safe integer, not negative. */
  whole(value: number): void
  text(value: string): void
  bytes(value: Uint8Array): void
  texts(value: Readonly<Texts>): void
  reals(value: Readonly<Reals>): void
}

/** Writes a batch. Frames of no kind are left out. */
export function writeFrames(to: FrameWriter, { frames }: Batch): void {
  let count = 0
  for (const { kind } of frames) if (kind !== undefined) count++
  to.list(count)
  for (const frame of frames) writeFrame(to, frame)
}

function writeFrame(to: FrameWriter, { kind }: Frame): void {
  if (kind === undefined) return
  const type: FrameType = frameTypes[kind.$case]
  const value = kind.value as unknown as Members
  to.list(1 + widthOf(type.of, value))
  to.whole(type.kind)
  writeFields(to, type.of.fields, value)
}

type Members = Readonly<Record<string, unknown>>

function writeFields(to: FrameWriter, fields: readonly Field[], value: Members): void {
  for (const { name, path, type } of fields) writeField(to, type, value[name], path)
}

function writeField(to: FrameWriter, type: FieldType, value: unknown, path: string): void {
  switch (type.type) {
    case 'whole':
      return to.whole(whole(value, type.most, path))
    case 'bytes':
      return to.bytes(value as Uint8Array)
    case 'flag':
      return to.flag(value as boolean)
    case 'text':
      return to.text(value as string)
    case 'optional text':
      return value === undefined ? to.nil() : to.text(value as string)
    case 'wholes':
      to.list((value as number[]).length)
      for (const each of value as number[]) to.whole(whole(each, type.most, path))
      return
    case 'optional texts':
      return isEmpty(value as Texts) ? to.nil() : to.texts(value as Texts)
    case 'optional group':
      return value === undefined ? to.nil() : writeGroup(to, type.of, value as Members)
    case 'group':
      return writeGroup(to, type.of, value as Members)
    case 'optional list':
      return (value as unknown[]).length === 0 ? to.nil() : writeList(to, type.of, value as unknown[], path)
    case 'list':
      return writeList(to, type.of, value as unknown[], path)
    case 'texts':
      return to.texts(value as Texts)
    case 'reals':
      return to.reals(value as Reals)
    case 'inline':
      return writeFields(to, type.of.fields, (value ?? nothing) as Members)
    case 'choice':
      return writeChoice(to, type.of, value as Choice | undefined, path)
    case 'presence':
      return
  }
}

function writeGroup(to: FrameWriter, group: Group, value: Members): void {
  to.list(widthOf(group, value))
  writeFields(to, group.fields, value)
}

function writeList(to: FrameWriter, of: FieldType, members: readonly unknown[], path: string): void {
  to.list(members.length)
  for (const each of members) writeField(to, of, each, path)
}

interface Choice {
  readonly $case: string
  readonly value: Members
}

function writeChoice(to: FrameWriter, of: readonly Group[], value: Choice | undefined, path: string): void {
  const index = of.findIndex(({ name }) => name === value?.$case)
  if (value === undefined || index < 0) throw cannotSend(path, 'is missing')
  to.whole(index)
  writeFields(to, (of[index] as Group).fields, value.value)
}

function widthOf({ width, choice }: Group, value: Members): number {
  if (choice?.type.type !== 'choice') return width
  const $case = (value[choice.name] as Choice | undefined)?.$case
  return width + 1 + (choice.type.of.find(({ name }) => name === $case)?.width ?? 0)
}

const nothing: Members = {}

/** What is not there is 0, as in the generated messages. */
function whole(value: unknown, most: number, path: string): number {
  const number = (value ?? 0) as number
  if (Number.isInteger(number) && number >= 0 && number <= most) return number
  throw cannotSend(path, `is not a whole number from 0 to ${most}`)
}

function isEmpty(map: Readonly<Texts>): boolean {
  for (const _ in map) return false
  return true
}

function cannotSend(path: string, why: string): SnakepitError {
  return new SnakepitError('protocol_error', `a frame cannot be sent: its ${path} ${why}`)
}
