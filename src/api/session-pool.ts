// What a session needs of its pool, and what it adds to a call.
import type { Affinity, SessionTicket } from '../pool/index.js'
import type { CallOptions, StreamOptions } from './call-options.js'
import type { ChunkStream } from './chunk-stream.js'

/** Parameter names and values, as a Python function takes them by keyword. */
export type ToolArguments = Readonly<Record<string, unknown>>

/** What a session adds to a call that is made in it. */
export interface SessionCall {
  readonly ticket: SessionTicket
  readonly metadata: Readonly<Record<string, string>>
  /** The call waits for it before it is submitted; undefined as a rule. */
  readonly after: Promise<void> | undefined
  /** True for the calls of `onLost`: others that were accepted wait for them, so a pool that drains takes them too. */
  readonly isAccepted: boolean
}

/** The pool that a session belongs to. */
export interface SessionPool {
  /** What holds for sessions that do not say otherwise. */
  readonly affinity: Affinity
  execute(tool: string, args: ToolArguments, options: CallOptions, session: SessionCall): Promise<unknown>
  stream(
    tool: string,
    args: ToolArguments,
    options: StreamOptions,
    session: () => SessionCall,
  ): ChunkStream<unknown, unknown>
  endSession(id: string): void
  renewSession(id: string): void
  touchSession(id: string): void
}
