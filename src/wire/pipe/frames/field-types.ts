// Types of the fields of a frame: how each is written, and what it is in the objects of src/wire/gen.

/** A map of texts, as the generated messages have it. */
export type Texts = { [key: string]: string }

/** A map of numbers, as the generated messages have it. */
export type Reals = { [key: string]: number }

/** One type of field. `V` is what the field holds in the object; it exists for the compiler only. */
export type FieldType<V = unknown> = Kind & { readonly holds?: V }

type Kind =
  /** An integer from 0 up to `most`. */
  | { readonly type: 'whole'; readonly most: number }
  | { readonly type: 'wholes'; readonly most: number }
  | { readonly type: 'flag' | 'text' | 'optional text' | 'bytes' | 'texts' | 'optional texts' | 'reals' }
  /** A list of groups or texts; an empty one may travel as nil. */
  | { readonly type: 'list' | 'optional list'; readonly of: FieldType }
  /** A list of its own whose members are the fields of an object. */
  | { readonly type: 'group' | 'optional group'; readonly of: Group }
  /** An object whose fields lie among those of the object around it. */
  | { readonly type: 'inline'; readonly of: Group }
  /** A number that says which of several objects follows, inline. */
  | { readonly type: 'choice'; readonly of: readonly Group[] }
  /** Takes no position: true where another field of the object is there. */
  | { readonly type: 'presence'; readonly of: string }

/** A field at its place in an object. */
export interface Field {
  readonly name: string
  /** For people: `tool.kind`. */
  readonly path: string
  readonly type: FieldType
}

/** An object's fields in the order of their positions. */
export interface Group {
  readonly name: string
  readonly fields: readonly Field[]
  /** Positions that the fields take, without those of a choice. */
  readonly width: number
  /** The field that is a choice, where there is one. */
  readonly choice: Field | undefined
}

/** Every field of an object, by name. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: FieldType<T[K]> }

export const whole32: FieldType<number> = { type: 'whole', most: 2 ** 32 - 1 }
export const whole53: FieldType<number> = { type: 'whole', most: Number.MAX_SAFE_INTEGER }
export const wholes32: FieldType<number[]> = { type: 'wholes', most: 2 ** 32 - 1 }
export const flag: FieldType<boolean> = { type: 'flag' }
export const text: FieldType<string> = { type: 'text' }
export const optionalText: FieldType<string | undefined> = { type: 'optional text' }
export const bytes: FieldType<Uint8Array> = { type: 'bytes' }
export const texts: FieldType<Texts> = { type: 'texts' }
/** An empty map travels as nil. */
export const optionalTexts: FieldType<Texts> = { type: 'optional texts' }
export const reals: FieldType<Reals> = { type: 'reals' }

export function listOf<V>(of: FieldType<V>): FieldType<V[]> {
  return { type: 'list', of }
}

/** An empty list travels as nil. */
export function optionalListOf<V>(of: FieldType<V>): FieldType<V[]> {
  return { type: 'optional list', of }
}

export function group<T>(of: GroupOf<T>): FieldType<T> {
  return { type: 'group', of }
}

export function optional<T>(of: GroupOf<T>): FieldType<T | undefined> {
  return { type: 'optional group', of }
}

export function inline<T>(of: GroupOf<T>): FieldType<T | undefined> {
  return { type: 'inline', of }
}

/** A union by the number of its case: `{ $case: 'ok', value: … }`. */
export function choice<U extends { readonly $case: string; readonly value: unknown }>(
  ...of: readonly GroupOf<U['value']>[]
): FieldType<U | undefined> {
  return { type: 'choice', of }
}

export function presenceOf(field: string): FieldType<boolean> {
  return { type: 'presence', of: field }
}

/** A type that is looked at when it is used: of a group that holds itself. */
export function lazily<V>(type: FieldType['type'], of: () => Group): FieldType<V> {
  return {
    type,
    get of() {
      return of()
    },
  } as FieldType<V>
}

/** A group whose object the compiler knows. */
export type GroupOf<T> = Group & { readonly holds?: T }

/** The group of an object's fields, in the order of their positions. */
export function fields<T>(name: string, types: FieldsOf<T>): GroupOf<T> {
  const all = Object.entries<FieldType>(types).map(([field, type]) => ({ name: field, path: `${name}.${field}`, type }))
  return {
    name,
    fields: all,
    width: all.reduce((sum, { type }) => sum + widthOf(type), 0),
    choice: all.find(({ type }) => type.type === 'choice'),
  }
}

function widthOf(type: FieldType): number {
  if (type.type === 'inline') return type.of.width
  return type.type === 'presence' || type.type === 'choice' ? 0 : 1
}
