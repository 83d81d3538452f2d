// The sockets that gRPC opens for us, so that an idle one need not keep the program alive.
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** Node tells of every client socket that is made, in the context of whoever caused it. */
const socketMade = 'net.client.socket'
const cause = new AsyncLocalStorage<Socket[]>()
let listeners = 0

/**
 * Does some work and collects the sockets that are made for it, by whatever library.
 *
 * Following a cause through promises slows all of them down, so it is only done while somebody asks.
 */
export async function withSockets<T>(sockets: Socket[], work: () => Promise<T>): Promise<T> {
  if (listeners++ === 0) subscribe(socketMade, keep)
  try {
    return await cause.run(sockets, work)
  } finally {
    if (--listeners === 0) {
      unsubscribe(socketMade, keep)
      cause.disable()
    }
  }
}

function keep(message: unknown): void {
  cause.getStore()?.push((message as { readonly socket: Socket }).socket)
}
