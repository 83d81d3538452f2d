// What a program may say about one call, checked.
import { describe } from '../errors/expectation.js'
import { milliseconds, oneOf, refuseUnknown, unexpected } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { type Affinity, affinities } from '../pool/index.js'
import { checkSessionId } from './session-id.js'
import { resolveWindow, type WindowOption } from './window-option.js'

/** Options of `execute` and `stream`. Times are milliseconds. */
export interface CallOptions {
  /** Cancels the call: the caller is told at once with the signal's reason, and Python is made to leave the tool. */
  readonly signal?: AbortSignal | undefined
  /**
   * For everything together: queue, transport and tool. From 1 to 2^31-1.
   * @default 30_000 for `execute`, 300_000 for `stream`
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
  /** What the tool finds in `context.metadata`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** Told what the tool reports with `context.progress(…)`. What it throws fails the call. */
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
  'metadata',
  'onProgress',
] satisfies (keyof CallOptions)[]
const streamOptions: readonly string[] = [...callOptions, 'window']

/** What a session has chosen for its calls. */
const settledBySession: ReadonlySet<string> = new Set(['pool', 'session'])
const sessionCallOptions = callOptions.filter((name) => !settledBySession.has(name))
const sessionStreamOptions = streamOptions.filter((name) => !settledBySession.has(name))

/** Checks the options of a call. Throws `invalid_option` with what was expected. */
export function checkCallOptions(options: StreamOptions, streams: boolean, inSession: boolean): void {
  if (typeof options !== 'object' || options === null) throw unexpected('options', 'an object', options)
  const [known, settled] = streams ? [streamOptions, sessionStreamOptions] : [callOptions, sessionCallOptions]
  const verb = streams ? 'stream()' : 'execute()'
  refuseUnknown(options, inSession ? settled : known, inSession ? `${verb} of a session` : verb)
  const { signal, timeout, idleTimeout, queueTimeout, session, affinity, metadata, onProgress, window } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw unexpected('signal', 'an AbortSignal', signal)
  if (timeout !== undefined) milliseconds('timeout', timeout)
  if (idleTimeout !== undefined) milliseconds('idleTimeout', idleTimeout)
  if (queueTimeout !== undefined) milliseconds('queueTimeout', queueTimeout)
  if (session !== undefined) checkSessionId(session)
  if (affinity !== undefined) oneOf('affinity', affinity, affinities)
  if (metadata !== undefined) checkMetadata(metadata)
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw unexpected('onProgress', 'a function', onProgress)
  if (window !== undefined) resolveWindow(window)
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
  const fits = typeof args === 'object' && args !== null && !Array.isArray(args) && !ArrayBuffer.isView(args)
  if (!fits) {
    throw new SnakepitError(
      'invalid_argument',
      `expected the arguments of '${tool}' as an object of parameter names and values, got ${describe(args)}`,
    )
  }
}

/** Checks what is handed on to tools as metadata. Throws `invalid_option`. */
export function checkMetadata(metadata: unknown): void {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw unexpected('metadata', 'an object of texts', metadata)
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw unexpected(`metadata.${key}`, 'a text', value)
  }
}
