// TypeScript functions as tools: they answer calls from the other side, one value or a stream.
import { decodeValue } from '../codec/msgpack.js'
import { listed, nearest, shorten } from '../errors/expectation.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import type { CallHandler, IncomingCall } from './incoming-call.js'

/** What a served function knows of the call it answers. */
export interface ServedCall {
  /** Fires when the caller wants the call to stop. */
  readonly signal: AbortSignal
  readonly metadata: Readonly<Record<string, string>>
  readonly session: string | undefined
  /** Reports progress, apart from the results. */
  progress(value: unknown): void
}

/** A TypeScript function that the other side may call: gives a value, a promise, or an (async) generator. */
export type ServedTool = (args: Record<string, unknown>, call: ServedCall) => unknown

type AnyIterator = Iterator<unknown, unknown> | AsyncIterator<unknown, unknown>

/** Answers calls from a table of functions. */
export function serveTools(tools: ReadonlyMap<string, ServedTool>): CallHandler {
  return (call) => {
    const tool = tools.get(call.start.tool)
    if (tool === undefined) call.fail(unknownTool(call.start.tool, tools.keys()))
    else void answer(call, tool)
  }
}

async function answer(call: IncomingCall, tool: ServedTool): Promise<void> {
  try {
    const args = decodeValue(call.start.arguments) as Record<string, unknown>
    const result = tool(args, {
      signal: call.signal,
      metadata: call.start.metadata,
      session: call.start.session?.id,
      progress: (value) => call.progress(value),
    })
    const iterator = iteratorOf(result)
    if (iterator !== undefined) return await answerStream(call, iterator)
    if (call.start.stream)
      throw new SnakepitError('streaming_not_supported', `tool '${call.start.tool}' does not stream`)
    call.succeed(await unlessCancelled(result, call.signal))
  } catch (error) {
    if (call.signal.aborted) call.cancelled()
    else call.fail(asError(error, call.start.tool))
  }
}

async function answerStream(call: IncomingCall, iterator: AnyIterator): Promise<void> {
  if (!call.start.stream) {
    void leave(iterator)
    throw new SnakepitError('streaming_required', `tool '${call.start.tool}' streams: call it with stream()`)
  }
  let pulling = false
  const onAbort = () => {
    // An async generator cannot be left while its `next()` is pending; the caller is answered all the same.
    if (!pulling) return
    call.cancelled()
    void leave(iterator)
  }
  call.signal.addEventListener('abort', onAbort, { once: true })
  for (;;) {
    await call.opened()
    if (call.signal.aborted) break
    pulling = true
    const step = await iterator.next()
    pulling = false
    if (call.signal.aborted) break
    if (step.done === true) return call.succeed(step.value)
    try {
      call.write(step.value)
    } catch (error) {
      void leave(iterator)
      throw error
    }
  }
  await leave(iterator)
  call.cancelled()
}

/** Lets a generator run its `finally` blocks. What they throw has nobody to go to. */
async function leave(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // The call has its end already.
  }
}

function iteratorOf(result: unknown): AnyIterator | undefined {
  if (typeof result !== 'object' || result === null) return undefined
  const candidate = result as Partial<AsyncIterable<unknown>> & { next?: unknown }
  if (typeof candidate.next !== 'function') return undefined
  return result as AnyIterator
}

function unlessCancelled(result: unknown, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    Promise.resolve(result)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function unknownTool(name: string, known: Iterable<string>): SnakepitError {
  const names = [...known]
  const meant = nearest(name, names)
  const hint =
    meant === undefined ? (names.length > 0 ? `; there are ${listed(names)}` : '') : `; did you mean '${meant}'?`
  return new SnakepitError('tool_not_found', `there is no tool '${shorten(name)}'${hint}`, {
    details: { tool: name },
  })
}

function asError(error: unknown, tool: string): SnakepitError {
  try {
    if (error instanceof SnakepitError) return error
    const message = error instanceof Error ? error.message : error
    return new SnakepitError('host_tool_failed', `tool '${tool}' failed: ${String(message)}`, {
      cause: error,
      mayHaveRun: true,
    })
  } catch {
    // Thrown values can be anything, also what cannot be looked at.
    return new SnakepitError('host_tool_failed', `tool '${tool}' failed with what cannot be shown`, {
      mayHaveRun: true,
    })
  }
}
