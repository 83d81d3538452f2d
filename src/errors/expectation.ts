// How a value that was not expected is spoken of: named, short, with its type.

const longest = 80

/**
 * A value and its type in words, short enough for one line: `'4' (string)`, `null`, `an array of 3`. Never throws, also
 * where looking at the value does.
 */
export function describe(value: unknown): string {
  try {
    return inWords(value)
  } catch {
    return `${typeof value === 'function' ? 'a function' : 'an object'} that cannot be looked at`
  }
}

function inWords(value: unknown): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'undefined':
      return 'undefined'
    case 'string':
      return `'${shorten(value)}' (string)`
    case 'number':
    case 'boolean':
      return `${value} (${typeof value})`
    case 'bigint':
      return `${shorten(String(value))}n (bigint)`
    case 'symbol':
      return `${shorten(String(value))} (symbol)`
    case 'function':
      return value.name ? `function ${shorten(String(value.name))}` : 'a function'
    default:
      return Array.isArray(value) ? `an array of ${value.length}` : describeObject(value as object)
  }
}

/** The name in a list that is nearest to what was written, if one is near enough to be meant. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1
  for (const name of known) {
    if (Math.abs(name.length - written.length) >= bestDistance) continue
    const distance = editDistance(written.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** A list of names for a sentence, cut after a few. */
export function listed(names: Iterable<string>, limit = 12): string {
  const all = [...names]
  const shown = all.slice(0, limit).map((name) => `'${shorten(name)}'`)
  const rest = all.length - shown.length
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}

/** A text cut to one short line, control characters escaped. */
export function shorten(text: string, limit = longest): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text
  return JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"')
}

function describeObject(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== 'Object' && name !== '' ? `an object (${shorten(name)})` : 'an object'
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, (previous[column] as number) + 1, (current[column - 1] as number) + 1))
    }
    previous = current
  }
  return previous[b.length] as number
}
