// Two peers that talk: over the memory wire, and one alone against frames that a test writes by hand.

import { decodeValues, encodeValue } from '../../src/codec/msgpack.js'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { type Attachment, attach } from '../../src/peer/attach.js'
import type { CallEnd, CallListener } from '../../src/peer/call-end.js'
import type { DataChunk } from '../../src/peer/chunk.js'
import type { CallHandler } from '../../src/peer/incoming-call.js'
import type { CallRequest, OutgoingCall } from '../../src/peer/outgoing-call.js'
import { Peer } from '../../src/peer/peer.js'
import { type ServedTool, serveTools } from '../../src/peer/serve-tools.js'
import { memoryWires } from '../../src/wire/memory.js'
import type { Batch, Frame, FrameKind, Hello, Window, Wire } from '../../src/wire/wire.js'
import { deferred } from './deferred.js'
import { pipeWires, Turned } from './wire-subjects.js'
import { within } from './within.js'

/** Tools by name. */
export type Tools = Readonly<Record<string, ServedTool>>

/** A greeting of this incarnation. */
export function hello(token: string, change: Partial<Hello> = {}): Hello {
  return {
    protocol: 1,
    incarnation: 'i-1',
    token,
    codecs: ['msgpack'],
    version: '0',
    runtime: undefined,
    tools: [],
    ...change,
  }
}

/** Two attached peers. */
export interface Pair extends AsyncDisposable {
  readonly host: Peer
  readonly worker: Peer
  readonly attachment: Attachment
  /** Ends the wire, as a process that dies does; resolves when the host has been told. */
  cut(): Promise<void>
}

/** Every transport that peers are tried over: whose codec is the one of the values. */
export const peerWires: readonly { readonly name: string; connect(): Promise<readonly [Wire, Wire]> }[] = [
  { name: 'memory', connect: async () => memoryWires() },
  { name: 'pipe', connect: () => pipeWires() },
]

/** A host and a worker, each with its tools, over the memory wire or another one. */
export async function pair(workerTools: Tools, hostTools: Tools = {}, wires = memoryWires()): Promise<Pair> {
  const host = new Peer({ side: 'host', handler: handlerOf(hostTools) })
  const worker = new Peer({ side: 'worker', handler: handlerOf(workerTools) })
  const [near, far] = wires
  const signal = new AbortController().signal
  const [attachment, theirs] = await Promise.all([
    attach(near, host, { hello: hello('h'.repeat(8)), expectToken: 'w'.repeat(8) }, signal),
    attach(far, worker, { hello: hello('w'.repeat(8)), expectToken: 'h'.repeat(8) }, signal),
  ])
  const closed = Promise.all([closeAtEnd(host, attachment), closeAtEnd(worker, theirs)])
  const cut = async () => {
    near.close()
    await within(closed, 'the end of the conversation')
  }
  return { host, worker, attachment, cut, [Symbol.asyncDispose]: cut }
}

/** What whoever holds the attachment owes the peer: every call is told of the end. */
export async function closeAtEnd(peer: Peer, attachment: Attachment): Promise<SnakepitError | undefined> {
  const error = await attachment.ended
  peer.close(error ?? new SnakepitError('transport_failed', 'the wire ended', { mayHaveRun: true }))
  return error
}

function handlerOf(tools: Tools): CallHandler {
  return serveTools(new Map(Object.entries(tools)))
}

/** What a call asks for; a window makes it a stream. */
export function request(
  tool: string,
  args: object = {},
  window?: Window,
  change: Partial<CallRequest> = {},
): CallRequest {
  return { tool, arguments: encodeValue(args), window, timeLeftMs: 0, session: undefined, metadata: {}, ...change }
}

/** Writes down everything that a call is told, and takes items only when a test says so. */
export class Recorder implements CallListener {
  readonly chunks: DataChunk[] = []
  readonly reports: unknown[] = []
  readonly ends: CallEnd[] = []
  /** What was told after the end: must stay empty. */
  readonly late: string[] = []
  readonly #end = deferred<CallEnd>()
  #arrived = deferred()
  #call: OutgoingCall | undefined

  /** Starts the call that this listens to. */
  begin(peer: Peer, asked: CallRequest): this {
    this.#call = peer.call(asked, this)
    return this
  }

  get call(): OutgoingCall {
    if (this.#call === undefined) throw new Error('the call has not begun')
    return this.#call
  }

  itemsArrived(): void {
    if (this.ends.length > 0) this.late.push('items')
    this.#arrived.resolve()
    this.#arrived = deferred()
  }

  progressed(encoded: Uint8Array): void {
    if (this.ends.length > 0) this.late.push('progress')
    this.reports.push(decodeValues(encoded, [encoded.length])[0])
  }

  ended(end: CallEnd): void {
    if (this.ends.length > 0) this.late.push('end')
    this.ends.push(end)
    this.#end.resolve(end)
    this.#arrived.resolve()
  }

  /** The one end. */
  end(): Promise<CallEnd> {
    return within(this.#end.promise, 'the end of the call')
  }

  /** Takes what has arrived, up to a count. */
  take(count = Number.POSITIVE_INFINITY): void {
    for (let left = count; left > 0; left--) {
      const chunk = this.call.take()
      if (chunk === undefined) return
      this.chunks.push(chunk)
    }
  }

  /** Takes one item after the other until the call has ended; `between` paces it. */
  async drain(between: () => Promise<void> | void = () => {}): Promise<CallEnd> {
    for (;;) {
      const arrived = this.#arrived.promise
      this.take(1)
      await between()
      if (!this.call.drained) continue
      if (this.ends[0] !== undefined) return this.ends[0]
      await within(arrived, 'an item or the end')
    }
  }

  get data(): unknown[] {
    return this.chunks.map(({ data }) => data)
  }
}

/** A host's peer whose other side is written by hand, frame by frame. */
export interface Scripted extends AsyncDisposable {
  readonly peer: Peer
  /** What the other side says. */
  say(...kinds: (FrameKind | undefined)[]): void
  /** Everything the peer said, in order, apart from its greeting. */
  readonly said: FrameKind[]
  /** What the conversation ended with; every call has been told by then. */
  readonly ended: Promise<SnakepitError | undefined>
}

/** Attaches a host's peer to a hand-written worker. */
export async function scripted(tools: Tools = {}): Promise<Scripted> {
  const [near, far] = memoryWires()
  const peer = new Peer({ side: 'host', handler: handlerOf(tools) })
  const outgoing = new Turned()
  const said: FrameKind[] = []
  void listen(far, outgoing, said)
  outgoing.push({ frames: [{ kind: { $case: 'hello', value: hello('w'.repeat(8)) } }] })
  const intro = { hello: hello('h'.repeat(8)), expectToken: 'w'.repeat(8) }
  const attachment = await attach(near, peer, intro, new AbortController().signal)
  const ended = closeAtEnd(peer, attachment)
  return {
    peer,
    say: (...kinds) => outgoing.push({ frames: kinds.map((kind) => ({ kind }) as Frame) }),
    said,
    ended: ended.then((error) => error),
    [Symbol.asyncDispose]: async () => {
      outgoing.end()
      near.close()
      await within(ended, 'the end of the conversation')
    },
  }
}

async function listen(far: Wire, outgoing: AsyncIterable<Batch>, said: FrameKind[]): Promise<void> {
  for await (const { frames } of far.attach(outgoing, new AbortController().signal)) {
    for (const { kind } of frames) if (kind !== undefined && kind.$case !== 'hello') said.push(kind)
  }
}
