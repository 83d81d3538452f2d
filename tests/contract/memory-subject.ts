// The public stream and promise types over two peers in this process: no pool, no Python.
import { CallRun } from '../../src/api/call-run.js'
import type { CallSpec } from '../../src/api/call-spec.js'
import { ChunkStream } from '../../src/api/chunk-stream.js'
import { runToEnd } from '../../src/api/unary-call.js'
import { UnreadStreams } from '../../src/api/unread-streams.js'
import { resolveWindow } from '../../src/api/window-option.js'
import { encodeValue } from '../../src/codec/msgpack.js'
import type { Peer } from '../../src/peer/peer.js'
import type { PoolRequest } from '../../src/pool/request.js'
import { pair, type Tools } from '../support/peers.js'
import type { Host, Subject, SubjectOptions } from './subject.js'
import { typescriptTools } from './typescript-tools.js'

/** TypeScript tools behind the memory wire. */
export const memorySubject: Subject = {
  name: 'TypeScript tools over the memory wire',
  raisedCode: 'host_tool_failed',
  marks: false,
  open: () => openMemory(typescriptTools()),
}

/** A host of these tools, and the peer that reaches them. */
export async function openMemory(tools: Tools): Promise<Host & { readonly peer: Peer }> {
  const talk = await pair(tools)
  const pool = {
    submit: (request: PoolRequest) =>
      request.granted({
        worker: { info: { id: 'memory-0' } as never, peer: talk.host },
        waited: 0,
        giveUp: () => {},
        release: () => {},
      }),
    withdraw: () => {},
    hold: () => undefined,
    letGo: () => {},
  }
  return {
    peer: talk.host,
    execute: <T>(tool: string, args: object = {}, options: SubjectOptions = {}) =>
      runToEnd(pool, specOf(tool, args, options)) as Promise<T>,
    stream: <T, R>(tool: string, args: object = {}, options: SubjectOptions = {}) =>
      new ChunkStream<T, R>({
        tool,
        start: (owner) =>
          new CallRun(pool, { ...specOf(tool, args, options), window: resolveWindow(options.window) }, owner),
        unread: new UnreadStreams(),
      }),
    [Symbol.asyncDispose]: () => talk.cut(),
  }
}

function specOf(tool: string, args: object, options: SubjectOptions): CallSpec {
  return {
    tool,
    arguments: encodeValue(args),
    window: undefined,
    after: undefined,
    isAccepted: false,
    session: undefined,
    sessionMetadata: {},
    metadata: options.metadata ?? {},
    signal: options.signal,
    timeout: options.timeout ?? 30_000,
    standstill: Infinity,
    idleTimeout: options.idleTimeout ?? Infinity,
    queueTimeout: 10_000,
    cancelGrace: 2_000,
    retries: undefined,
    poisonKey: undefined,
    onProgress: options.onProgress,
  }
}
