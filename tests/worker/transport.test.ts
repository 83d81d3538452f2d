// How host and worker reach each other, and that nobody else does.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Snakepit } from '../../src/index.js'
import { attach } from '../../src/peer/attach.js'
import { Peer } from '../../src/peer/peer.js'
import { grpcWire } from '../../src/wire/grpc/grpc-wire.js'
import { protocolVersion } from '../../src/wire/wire.js'
import { failsWith } from '../support/errors.js'
import { adapterOf, openOne, pidOf, socketOf } from '../support/pit.js'
import { descendantsOf } from '../support/processes.js'

const adapter = adapterOf(import.meta.url, 'surroundings.py')

test('WIRE-01, SEC-01: a pipe where it is asked for: nothing listens anywhere', async () => {
  await using pit = await openOne(adapter, { transport: 'msgpack' })
  const { kind, address, reason } = pit.workers()[0]?.info()?.transport ?? {}
  assert.equal([kind, address], ['pipe', 'pipe'])
  assert.match(reason ?? '', /^MessagePack on a private pair of sockets: asked for/)
  assert.equal(listeningOf([process.pid, ...descendantsOf(process.pid)]), [])
  assert.equal(typeof (await pit.execute('environment')), 'object')
})

test('WIRE-01: the transport that is asked for is taken, or what is wrong with it is said', async () => {
  await using pipe = await openOne(adapter, { transport: 'msgpack' })
  await using grpc = await openOne(adapter, { transport: 'grpc' })
  assert.equal(
    [pipe, grpc].map((pit) => pit.workers()[0]?.info()?.transport.kind),
    ['pipe', 'grpc-unix'],
  )
  const refused = /`transport`.*'grpc' or 'auto' where `host`, `basePort` or `portRange` is given/
  await failsWith(openOne(adapter, { transport: 'msgpack', basePort: 0 }), 'invalid_option', refused)
  await failsWith(
    openOne(adapter, { transport: 'carrier' as never }),
    'invalid_option',
    /one of 'auto', 'grpc', 'msgpack'/,
  )
})

test('WIRE-02, SEC-01: a unix socket for gRPC: private folder, private socket, a new one each time', async () => {
  await using one = await openOne(adapter, { transport: 'grpc' })
  await using other = await openOne(adapter, { transport: 'grpc' })
  const [first, second] = [one, other].map(socketOf)
  assert.ok(first && second && first !== second)
  assert.is(one.workers()[0]?.info()?.transport.kind, 'grpc-unix')
  const socket = statSync(first)
  const folder = statSync(dirname(first))
  assert.ok(socket.isSocket())
  assert.is(socket.mode & 0o777, 0o600)
  assert.is(folder.mode & 0o777, 0o700)
  assert.is(folder.uid, process.getuid?.())
})

test('SEC-01, guarantee:G25, guarantee:G32: nothing listens on the network, and the folder is gone after close', async () => {
  const pit = await openOne(adapter, { transport: 'grpc' })
  const socket = socketOf(pit)
  await pit.execute('environment')
  assert.equal(listeningOf([process.pid, ...descendantsOf(process.pid)]), [])
  await pit.close()
  assert.is(statSync(dirname(socket), { throwIfNoEntry: false }), undefined)
})

test('WIRE-02: TCP on request: any free port, on loopback, the live one reported', async () => {
  await using pit = await openOne(adapter, { basePort: 0 })
  const { kind, address } = pit.workers()[0]?.info()?.transport ?? {}
  assert.is(kind, 'grpc-tcp')
  const port = Number(/^127\.0\.0\.1:(\d+)$/.exec(address ?? '')?.[1])
  assert.ok(port > 0, address)
  const listening = listeningOf(descendantsOf(process.pid))
  assert.is(listening.length, 1)
  // 127.0.0.1, also where a socket of the sixth version stands for it.
  assert.match(listening[0] ?? '', new RegExp(`^(0{16}FFFF0000)?0100007F:${port.toString(16).padStart(4, '0')}$`, 'i'))
  assert.equal(typeof (await pit.execute('environment')), 'object')
})

test('WIRE-02: TCP from a base port on: taken ports are passed over, and never shared', async () => {
  const taken = createServer()
  const base = await new Promise<number>((resolve) => {
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port))
  })
  try {
    await using first = await openOne(adapter, { host: '127.0.0.1', basePort: base, portRange: 50 })
    await using second = await openOne(adapter, { host: '127.0.0.1', basePort: base, portRange: 50 })
    const ports = [first, second].map((pit) => Number(addressOf(pit).split(':').at(-1)))
    assert.is(new Set([base, ...ports]).size, 3)
    assert.ok(
      ports.every((port) => port > base && port < base + 50),
      `${ports}`,
    )
    await failsWith(
      openOne(adapter, { basePort: base, portRange: 1 }),
      'worker_start_failed',
      /could not listen[\s\S]*no port/,
    )
  } finally {
    taken.close()
  }
})

test('SEC-01, guarantee:G24: without the token nobody gets in, and the worker goes on', async () => {
  for (const transport of [{ transport: 'grpc' }, { basePort: 0 }] as const) {
    await using pit = await openOne(adapter, transport)
    for (const token of ['', 'x', '0'.repeat(64), '0'.repeat(4000)]) {
      const error = await failsWith(intrude(addressOf(pit), token), 'unauthenticated')
      assert.not.match(error.message, /[0-9a-f]{64}/)
    }
    assert.equal(typeof (await pit.execute('environment')), 'object')
  }
})

test('SEC-01, guarantee:G28: tokens are neither in argv nor in the environment, of the worker or its guardian', async () => {
  await using pit = await openOne(adapter)
  const visible = await pit.execute<string>('visible')
  assert.match(visible, /snakepit_bridge/)
  assert.not.match(visible, /[0-9a-f]{32}/)
})

/** Attaches to a worker as somebody who was not asked. */
async function intrude(address: string, token: string): Promise<unknown> {
  const wire = grpcWire(address, token)
  const peer = new Peer({ side: 'host', handler: (call) => call.cancelled() })
  const hello = {
    protocol: protocolVersion,
    incarnation: 'x',
    token,
    codecs: [],
    version: '0',
    runtime: undefined,
    tools: [],
  }
  try {
    return await attach(wire, peer, { hello, expectToken: token }, new AbortController().signal)
  } finally {
    wire.close()
  }
}

function addressOf(pit: Snakepit): string {
  assert.ok(pidOf(pit))
  return pit.workers()[0]?.info()?.transport.address ?? ''
}

/** Local addresses, in the kernel's hex, on which these processes listen. */
function listeningOf(pids: readonly number[]): string[] {
  const inodes = new Set(pids.flatMap(socketsOf))
  return ['tcp', 'tcp6'].flatMap((family) =>
    readFileSync(`/proc/net/${family}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && inodes.has(fields[9] ?? ''))
      .map((fields) => fields[1] ?? ''),
  )
}

function socketsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
    } catch {
      return []
    }
  })
}

test.run()
