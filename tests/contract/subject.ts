// What the contract of calls is asked of: a host that reaches tools, whatever language they are written in.
import type { ChunkStream } from '../../src/api/chunk-stream.js'
import type { WindowOption } from '../../src/api/window-option.js'

/** What a call may be given; the same names as in the public API. */
export interface SubjectOptions {
  readonly signal?: AbortSignal
  readonly timeout?: number
  readonly idleTimeout?: number
  readonly window?: WindowOption
  readonly metadata?: Readonly<Record<string, string>>
  readonly onProgress?: (value: unknown) => void
}

/** A host whose tools can be called. A `Snakepit` is one. */
export interface Host extends AsyncDisposable {
  execute<T = unknown>(tool: string, args?: Record<string, unknown>, options?: SubjectOptions): Promise<T>
  stream<T = unknown, R = null>(
    tool: string,
    args?: Record<string, unknown>,
    options?: SubjectOptions,
  ): ChunkStream<T, R>
}

/** A host by name, with what its side of the wire can do. */
export interface Subject {
  readonly name: string
  /** Opens a host whose tools are those listed below. One call runs at a time is enough. */
  open(): Promise<Host>
  /** The code of an exception that a tool raised. */
  readonly raisedCode: 'python_error' | 'host_tool_failed'
  /** True when a tool can mark its final chunk and give metadata to chunks. */
  readonly marks: boolean
}

/*
 * The tools that every language offers (tools.py, typescript-tools.ts):
 *
 *   echo(value)          the value
 *   add(a, b)            their sum
 *   refuse(message)      raises ValueError(message)
 *   waits()              never returns, but can be left
 *   count(n)             yields {n: 0} … {n: n - 1}
 *   values(items)        yields the items
 *   returns(n)           yields 0 … n - 1 and returns {total: n}
 *   fail(after, message) yields 0 … after - 1, then raises ValueError(message)
 *   silent()             yields 'here', then nothing for ever, but can be left
 *   blobs(n, size)       yields n bytes values of the size, each filled with its index modulo 256
 *   steps(n)             reports progress {step: i} before it yields i, for 0 … n - 1
 *   marked(n)            yields 0 … n - 1, then a chunk 'done' marked as final with metadata {kind: last}, then never more
 *   facts()              {produced, left}: items that the latest stream has produced, and 1 when its `finally` has run
 */
