// What a program may say about one call, checked.
import { describe } from '../errors/expectation.js'
import { oneOf, refuseUnknown, timeLimit, unexpected } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { type Affinity, affinities } from '../pool/index.js'
import { readMetadata } from './metadata-option.js'
import { checkSessionId } from './session-id.js'
import { isAbortSignal } from './signal-watch.js'
import { resolveWindow, type WindowOption } from './window-option.js'

/** Options of `execute` and `stream`. Times are milliseconds, from 1 to 2^31-1, or `Infinity` for no limit. */
export interface CallOptions {
  /**
   * Cancels the call: the caller is told at once with the signal's reason, and Python is made to leave the tool. One of
   * another realm (`vm`, jsdom) will do.
   */
  readonly signal?: AbortSignal | undefined
  /**
   * For the whole call: queue, transport and tool together.
   *
   * A stream that is given one ends with it, however it flows. Without one, no stream that flows is cut: it may stand
   * still for as long as the pool's `streamTimeout` says.
   * @default 30_000 for `execute`, none for `stream`
   */
  readonly timeout?: number | undefined
  /** Ends the call when it gives no chunk and no progress for so long. Default: no limit. */
  readonly idleTimeout?: number | undefined
  /** How long the call may wait for a free worker. @default 10_000 */
  readonly queueTimeout?: number | undefined
  /** The pool that runs the call. Default: the first. */
  readonly pool?: string | undefined
  /** Id of the session that the call belongs to; `pit.session(id)` gives it options of its own. */
  readonly session?: string | undefined
  /** How closely this call keeps to its session's worker. Default: the session's. */
  readonly affinity?: Affinity | undefined
  /**
   * `true` says that running the tool twice does no harm. Where its worker is lost before the first chunk, the call is
   * run again on another one, as the pool's option `retry` says. @default false
   */
  readonly idempotent?: boolean | undefined
  /**
   * What the crash barrier tells calls of one tool apart by, 1 to 256 characters: a model's name, a hash of the input.
   * Then only the calls that share a key with one that killed workers are refused.
   */
  readonly poisonKey?: string | undefined
  /** What the tool finds in `context.metadata`: small texts by name, 65,536 bytes at most together. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /**
   * Told what the tool reports with `context.progress(…)`. What it throws, or rejects with, fails the call: the caller is
   * told at once, and Python leaves the tool.
   */
  readonly onProgress?: ((progress: unknown) => void) | undefined
}

/** Options of `stream`. */
export interface StreamOptions extends CallOptions {
  /** How far Python may be ahead of the reader. @default { items: 256, bytes: 1_048_576 } */
  readonly window?: WindowOption | undefined
}

const callOptions: readonly string[] = [
  'signal',
  'timeout',
  'idleTimeout',
  'queueTimeout',
  'pool',
  'session',
  'affinity',
  'idempotent',
  'poisonKey',
  'metadata',
  'onProgress',
] satisfies (keyof CallOptions)[]
const streamOptions: readonly string[] = [...callOptions, 'window']

/** What a session has chosen for its calls. */
const settledBySession: ReadonlySet<string> = new Set(['pool', 'session'])
const sessionCallOptions = callOptions.filter((name) => !settledBySession.has(name))
const sessionStreamOptions = streamOptions.filter((name) => !settledBySession.has(name))

/** What a call has whose caller says nothing. */
export const noOptions: CallOptions = Object.freeze({})

/** The options of a call, each read once and checked. Throws `invalid_option` with what was expected. */
export function readCallOptions(options: StreamOptions, streams: boolean, inSession: boolean): StreamOptions {
  if (options === noOptions) return options
  if (typeof options !== 'object' || options === null) throw unexpected('options', 'an object', options)
  const [known, settled] = streams ? [streamOptions, sessionStreamOptions] : [callOptions, sessionCallOptions]
  const verb = streams ? 'stream()' : 'execute()'
  refuseUnknown(options, inSession ? settled : known, inSession ? `${verb} of a session` : verb)
  const read = readEach(options)
  const { signal, timeout, idleTimeout, queueTimeout, session, affinity, idempotent, poisonKey } = read
  if (signal !== undefined && !isAbortSignal(signal)) throw unexpected('signal', 'an AbortSignal', signal)
  if (timeout !== undefined) timeLimit('timeout', timeout)
  if (idleTimeout !== undefined) timeLimit('idleTimeout', idleTimeout)
  if (queueTimeout !== undefined) timeLimit('queueTimeout', queueTimeout)
  if (session !== undefined) checkSessionId(session)
  if (affinity !== undefined) oneOf('affinity', affinity, affinities)
  if (idempotent !== undefined && typeof idempotent !== 'boolean')
    throw unexpected('idempotent', 'true or false', idempotent)
  if (poisonKey !== undefined && (typeof poisonKey !== 'string' || poisonKey === '' || poisonKey.length > 256))
    throw unexpected('poisonKey', 'a text of 1 to 256 characters', poisonKey)
  if (read.onProgress !== undefined && typeof read.onProgress !== 'function')
    throw unexpected('onProgress', 'a function', read.onProgress)
  if (read.window !== undefined) resolveWindow(read.window)
  return read
}

/**
 * Each option as it is now: one that says something else when it is asked again is not asked again. An AbortController
 * will do for options, its signal is not a member of its own.
 */
function readEach(options: StreamOptions): StreamOptions {
  try {
    const { signal, timeout, idleTimeout, queueTimeout, pool, session, affinity, idempotent, poisonKey } = options
    const { metadata: given, onProgress, window } = options
    const metadata = given === undefined ? undefined : readMetadata(given)
    // One literal, all members always: copied by a spread, these cost as much as the rest of a call.
    return {
      signal,
      timeout,
      idleTimeout,
      queueTimeout,
      pool,
      session,
      affinity,
      idempotent,
      poisonKey,
      metadata,
      onProgress,
      window,
    }
  } catch (cause) {
    if (cause instanceof SnakepitError) throw cause
    throw unexpected('options', 'an object that can be read', options, cause)
  }
}

/** The names that a tool can have, in Python as here. */
const toolName = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/

/** Checks the name of a tool and the shape of its arguments. Throws `invalid_argument`. */
export function checkCall(tool: unknown, args: unknown): void {
  if (typeof tool !== 'string' || !toolName.test(tool)) {
    throw new SnakepitError(
      'invalid_argument',
      `expected the tool's name, 1 to 64 letters, digits, '_', '.' or '-', got ${describe(tool)}`,
    )
  }
  if (!isRecord(args)) {
    throw new SnakepitError(
      'invalid_argument',
      `expected the arguments of '${tool}' as an object of parameter names and values, got ${describe(args)}`,
    )
  }
}

function isRecord(value: unknown): boolean {
  try {
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
  } catch {
    // A proxy that was revoked: nothing can be asked of it.
    return false
  }
}
