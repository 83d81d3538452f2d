// The hand-written way, started beside ours: a nice-grpc client and a grpcio server, both with default settings.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createChannel, createClient } from 'nice-grpc'
import { HandwrittenServiceDefinition } from './gen/handwritten.js'

/** A running hand-written peer. */
export class Handwritten {
  readonly #server: ChildProcess
  readonly #folder: string
  readonly #channel
  readonly #client

  private constructor(server: ChildProcess, folder: string, address: string) {
    this.#server = server
    this.#folder = folder
    this.#channel = createChannel(address)
    this.#client = createClient(HandwrittenServiceDefinition, this.#channel)
  }

  static async start(python: string): Promise<Handwritten> {
    const folder = mkdtempSync(join(tmpdir(), 'handwritten-'))
    const socket = join(folder, 'peer.sock')
    const script = fileURLToPath(new URL('./server.py', import.meta.url))
    const server = spawn(python, [script, `unix:${socket}`], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(server.stdout as NodeJS.ReadableStream, 'data')
    return new Handwritten(server, folder, `unix://${socket}`)
  }

  async call(args: object): Promise<unknown> {
    const { json } = await this.#client.call({ json: JSON.stringify(args) })
    return JSON.parse(json)
  }

  async *chunks(n: number): AsyncGenerator<unknown> {
    for await (const { json } of this.#client.chunks({ json: JSON.stringify({ n }) })) yield JSON.parse(json)
  }

  /** Blocks as JSON carries them: base64. */
  async *jsonBlocks(n: number): AsyncGenerator<Uint8Array> {
    for await (const { json } of this.#client.jsonBlocks({ json: JSON.stringify({ n }) })) {
      yield Buffer.from((JSON.parse(json) as { data: string }).data, 'base64')
    }
  }

  /** Blocks as raw bytes, for a peer whose author knew better. */
  async *blocks(n: number): AsyncGenerator<Uint8Array> {
    for await (const { data } of this.#client.blocks({ json: JSON.stringify({ n }) })) yield data
  }

  async stop(): Promise<void> {
    this.#channel.close()
    this.#server.stdin?.end()
    await once(this.#server, 'exit')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
