// Output of a worker, cut into lines of bounded length; the last ones are kept for the day it fails.
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { redact } from './redact.js'

/** Characters after which a line is cut. */
const longestLine = 8192

/** Lines that are kept. */
const keptLines = 40

/** Reads a stream to its end, whatever comes, and hands over its lines. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (bytes: Buffer) => {
    const lines = (rest + decoder.write(bytes)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(readable(line))
    while (rest.length > longestLine) {
      onLine(readable(rest.slice(0, longestLine)))
      rest = rest.slice(longestLine)
    }
  })
  stream.on('end', () => {
    if (rest !== '') onLine(readable(rest))
    rest = ''
  })
}

/** The last lines of something that goes on for long. */
export class LastLines {
  readonly #redacted: boolean
  readonly #lines: string[] = []
  #fatal: string | undefined

  /** @param redacted whether what looks like a secret is blotted out */
  constructor(redacted: boolean) {
    this.#redacted = redacted
  }

  add(line: string): void {
    // The stacks of all threads follow it, and would push out what it says.
    if (line.startsWith('Fatal Python error:')) this.#fatal = line
    this.#lines.push(line)
    if (this.#lines.length > keptLines) this.#lines.shift()
  }

  /**
   * Oldest first; a line that names a fatal error is kept however many come after it.
   *
   * @param before lines that came by another way, before the last of these
   */
  lines(before: readonly string[] = []): readonly string[] {
    const fatal = this.#fatal
    const lines = fatal === undefined || this.#lines.includes(fatal) ? [...this.#lines] : [fatal, ...this.#lines]
    const all = [...before.slice(-keptLines).map(readable), ...lines]
    return this.#redacted ? all.map(redact) : all
  }
}

/** One line that stays one line wherever it is printed: control characters are spelled out. */
export function readable(line: string): string {
  const cut = line.length > longestLine ? `${line.slice(0, longestLine)}…` : line
  const text = cut.endsWith('\r') ? cut.slice(0, -1) : cut
  return text.replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

// Control characters but the tab, line separators, and marks that turn the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const unprintable = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
