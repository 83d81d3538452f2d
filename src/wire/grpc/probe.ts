// Asks a gRPC server for a sign of life without asking its program: an HTTP/2 PING is answered by the transport alone.
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'

/**
 * Connects to the server anew and sends a PING. gRPC's own threads answer it, also while the interpreter lock is held.
 *
 * @param address `unix:///path` or `host:port`
 * @returns true for an answer, false when the server refused or hung up; pending while nothing comes. An aborted probe
 *   resolves with false
 * @throws NodeJS.ErrnoException when this side cannot connect at all, for want of descriptors or memory
 */
export function probeServer(address: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(address)
    const session = connectHttp2('http://localhost', { createConnection: () => socket })
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', leave)
      settle()
      session.destroy()
      socket.destroy()
    }
    const leave = () => end(() => resolve(false))
    const failed = (error: NodeJS.ErrnoException) => end(() => (isOurFault(error) ? reject(error) : resolve(false)))
    signal.addEventListener('abort', leave)
    session.on('error', failed)
    session.on('close', leave)
    session.on('connect', () => {
      session.ping((error) => end(() => resolve(error === null)))
    })
    session.unref()
    if (signal.aborted) leave()
  })
}

function connectTo(address: string): Socket {
  if (address.startsWith('unix://')) return connect(address.slice('unix://'.length))
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return connect(Number(address.slice(colon + 1)), host)
}

function isOurFault({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM' || code === 'ENOBUFS' || code === 'EADDRNOTAVAIL'
}
