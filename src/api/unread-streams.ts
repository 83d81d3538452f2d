// Streams that were awaited and never read: the program believes that it has called something.

/** The code of the warning, by which `--disable-warning` knows it. */
export const unreadCode = 'SNAKEPIT_STREAM_UNREAD'

/** A stream that was awaited and may still be read. */
interface Awaited {
  readonly tool: string
}

/** The streams of one pool that were awaited. Others cost nothing. */
export class UnreadStreams {
  readonly #awaited = new WeakMap<object, Awaited>()
  readonly #unread = new Set<Awaited>()

  /** The stream is being awaited, or resolved with. */
  awaited(stream: object, tool: string): void {
    if (this.#awaited.has(stream)) return
    const awaited = { tool }
    this.#awaited.set(stream, awaited)
    this.#unread.add(awaited)
    dropped.register(stream, { awaited, unread: this.#unread })
  }

  /** The stream is iterated, subscribed to, or handed on in another form. */
  read(stream: object): void {
    const awaited = this.#awaited.get(stream)
    if (awaited !== undefined) this.#unread.delete(awaited)
  }

  /** No stream of this pool can be read any more. */
  close(): void {
    for (const awaited of this.#unread) warn(awaited)
    this.#unread.clear()
  }
}

const dropped = new FinalizationRegistry<{ awaited: Awaited; unread: Set<Awaited> }>(({ awaited, unread }) => {
  if (unread.delete(awaited)) warn(awaited)
})

let hasWarned = false

/** Once: whoever makes this mistake makes it in a loop. */
function warn({ tool }: Awaited): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    `a stream of '${tool}' was awaited and never read, so the tool was never called: a stream is no promise. ` +
      `Write \`for await (const value of pit.stream('${tool}').values())\`, subscribe to it, or await its ` +
      '`.final()` or `.toArray()`',
    { type: 'SnakepitWarning', code: unreadCode },
  )
}
