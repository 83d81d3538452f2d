// Output of a worker, cut into lines of bounded length; the last ones are kept for the day it fails.
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { time } from '../time/time.js'
import { redact } from './redact.js'

/** Characters after which a line is cut. */
const longestLine = 8192

/** Lines that are kept. */
const keptLines = 40

/** Milliseconds that a text may wait for its newline before it is seen; of a progress bar, the latest state is. */
const soon = 100

/** Reads a stream to its end, whatever comes, and hands over its lines. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  const line = new UnendedLine()
  let timer: NodeJS.Timeout | undefined
  const show = () => {
    timer = undefined
    const text = line.show()
    if (text !== undefined) onLine(readable(text))
  }
  stream.on('data', (bytes: Buffer) => {
    const pieces = decoder.write(bytes).split('\n')
    const rest = pieces.pop() ?? ''
    for (const piece of pieces) {
      line.add(piece)
      const text = line.end()
      if (text !== undefined) onLine(readable(text))
    }
    line.add(rest)
    for (const part of line.cut()) onLine(readable(part))
    if (line.waits) timer ??= time.setTimeout(show, soon).unref()
  })
  stream.on('end', () => {
    time.clearTimeout(timer)
    const text = line.waits ? line.end() : undefined
    if (text !== undefined) onLine(readable(text))
  })
}

/** A line that has not ended yet. What stands before a carriage return is overwritten by what comes after it. */
class UnendedLine {
  #text = ''
  #returned = false
  #redrawn = false
  /** What was said of the line before it has ended. */
  #said: string | undefined

  /** Whether there is something to say. */
  get waits(): boolean {
    return this.#text !== ''
  }

  /** Takes what was written; it holds no newline. */
  add(piece: string): void {
    if (piece === '') return
    const parts = piece.includes('\r') ? piece.split('\r') : [piece]
    for (const [index, part] of parts.entries()) {
      if (index > 0) this.#returned = this.#redrawn = true
      if (part === '') continue
      this.#text = this.#returned ? part : this.#text + part
      this.#returned = false
    }
  }

  /** The newline came: what is left to say of the line, undefined when all of it was said. */
  end(): string | undefined {
    const text = this.#trimmed()
    const over = this.#said !== undefined && (text === '' || (this.#redrawn && (text === this.#said || isBlank(text))))
    this.#text = ''
    this.#returned = this.#redrawn = false
    this.#said = undefined
    return over ? undefined : text
  }

  /** Takes what waits, to be said before the line has ended; undefined when there is nothing to see. */
  show(): string | undefined {
    const text = this.#trimmed()
    if (isBlank(text) || (this.#redrawn && text === this.#said)) return undefined
    this.#said = text
    this.#text = ''
    return text
  }

  /** Takes what is too long to wait for the end. */
  *cut(): Generator<string> {
    while (this.#text.length > longestLine) {
      yield this.#text.slice(0, longestLine)
      this.#text = this.#text.slice(longestLine)
    }
  }

  // Progress bars wipe with blanks what they were longer before.
  #trimmed(): string {
    return this.#redrawn ? this.#text.trimEnd() : this.#text
  }
}

function isBlank(text: string): boolean {
  return text.trim() === ''
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
