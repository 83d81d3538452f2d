// The first words on a wire, and the reading of all that follow.
import { timingSafeEqual } from 'node:crypto'
import { SnakepitError } from '../errors/snakepit-error.js'
import { type Batch, type Hello, protocolVersion, type Wire } from '../wire/wire.js'
import type { Peer } from './peer.js'

/** Who is expected at the other end, and who this side is. */
export interface Introduction {
  /** What this side says first. */
  readonly hello: Hello
  /** The token that the other side must show. */
  readonly expectToken: string
}

/** A peer that has been greeted. */
export interface Attachment {
  /** What the other side said first. */
  readonly hello: Hello
  /** Resolves when the conversation is over: undefined for a quiet end, else what broke it. Never rejects. */
  readonly ended: Promise<SnakepitError | undefined>
}

/**
 * Connects a peer to a wire, exchanges greetings, and from then on feeds it what comes in.
 *
 * @throws SnakepitError `protocol_error` when the other side is not who was expected; `transport_failed`,
 *   `unauthenticated` when there is no connection; the signal's reason when it fires first
 */
export async function attach(wire: Wire, peer: Peer, intro: Introduction, signal: AbortSignal): Promise<Attachment> {
  signal.throwIfAborted()
  const leave = new AbortController()
  const onAbort = () => leave.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  peer.introduce(intro.hello)
  const batches = wire.attach(peer.outbox, leave.signal)[Symbol.asyncIterator]()
  try {
    const first = await batches.next()
    signal.throwIfAborted()
    const hello = greeting(first, intro)
    // What travelled with the greeting.
    peer.receive((first.value as Batch).frames.slice(1))
    return { hello, ended: read(batches, peer, signal).finally(() => signal.removeEventListener('abort', onAbort)) }
  } catch (error) {
    signal.removeEventListener('abort', onAbort)
    leave.abort()
    await batches.return?.(undefined)?.catch(() => undefined)
    throw error
  }
}

async function read(
  batches: AsyncIterator<Batch>,
  peer: Peer,
  signal: AbortSignal,
): Promise<SnakepitError | undefined> {
  try {
    for (;;) {
      const { done, value } = await batches.next()
      if (done === true) return undefined
      peer.receive(value.frames)
    }
  } catch (error) {
    void batches.return?.(undefined)?.catch(() => undefined)
    if (signal.aborted) return undefined
    return error instanceof SnakepitError
      ? error
      : new SnakepitError('transport_failed', `the wire failed: ${String(error)}`, { cause: error, mayHaveRun: true })
  }
}

function greeting(first: IteratorResult<Batch>, { hello: mine, expectToken }: Introduction): Hello {
  const kind = first.done === true ? undefined : first.value.frames[0]?.kind
  if (kind === undefined) throw refuse('the other side hung up before it greeted')
  if (kind.$case !== 'hello') throw refuse(`expected a greeting first, got '${kind.$case}'`)
  const hello = kind.value
  if (hello.protocol !== protocolVersion) {
    throw refuse(`expected protocol version ${protocolVersion}, got ${hello.protocol} (package ${hello.version})`)
  }
  if (hello.incarnation !== mine.incarnation) throw refuse('another worker answered than the one that was started')
  if (!sameToken(hello.token, expectToken)) throw refuse('the other side showed a wrong token')
  return hello
}

function sameToken(shown: string, expected: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function refuse(what: string): SnakepitError {
  return new SnakepitError('protocol_error', what)
}
