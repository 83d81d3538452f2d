// The proxy that breaks wires, against a plain echo: each toxic does its own harm and no other.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { seeded } from '../support/seeded.js'
import { temporaryFolder } from '../support/temporary.js'
import { within } from '../support/within.js'
import { Bandwidth, BitFlip, Blackhole, ByteLimit, Latency, Slicer } from './kit/toxics.js'
import { WireProxy } from './kit/wire-proxy.js'

const path = join(temporaryFolder(), 'echo.sock')
const echo: Server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.pipe(socket)
})
await new Promise<void>((resolve) => echo.listen(path, resolve))
test.after(() => void echo.close())

/** Somebody who talks to the echo through a proxy. */
class Talk {
  readonly proxy = new WireProxy(path)
  readonly heard: Buffer[] = []
  readonly socket: Socket
  isEnded = false
  isClosed = false

  constructor() {
    this.socket = connect({ path: this.proxy.path, allowHalfOpen: true })
    this.socket.on('data', (bytes: Buffer) => this.heard.push(bytes))
    this.socket.on('end', () => {
      this.isEnded = true
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.isClosed = true
    })
  }

  get text(): string {
    return Buffer.concat(this.heard).toString('latin1')
  }

  async hears(text: string, ms?: number): Promise<void> {
    await eventually(() => this.text.length >= text.length, `${text.length} bytes`, ms)
    assert.is(this.text, text)
  }

  close(): void {
    this.socket.destroy()
    this.proxy.close()
  }
}

/** A test with a talk of its own. */
function talk(name: string, act: (talk: Talk) => Promise<void>): void {
  test(`FAULT-01: ${name}`, async () => {
    const one = new Talk()
    try {
      await within(act(one), name)
    } finally {
      one.close()
    }
    await eventually(() => one.proxy.connections === 0, 'the end of the connections')
  })
}

talk('without toxics everything passes, both ways, and its end too', async (one) => {
  const text = 'x'.repeat(3_000_000)
  one.socket.end(text)
  await one.hears(text)
  await eventually(() => one.isEnded, 'the end')
  assert.equal(one.proxy.carried, { up: text.length, down: text.length })
})

talk('latency: later, in order, and pipelined', async (one) => {
  one.proxy.set('up', new Latency(40, 20, seeded(1)))
  const began = performance.now()
  for (let index = 0; index < 20; index++) {
    one.socket.write(`${index} `)
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  await one.hears(Array.from({ length: 20 }, (_, index) => `${index} `).join(''))
  const took = performance.now() - began
  assert.ok(took >= 39, `${took} ms`)
  assert.ok(took < 20 * 40, `${took} ms: they waited for each other`)
})

talk('bandwidth: so many bytes a second', async (one) => {
  one.proxy.set('down', new Slicer(1000), new Bandwidth(100_000))
  const began = performance.now()
  const text = 'b'.repeat(20_000)
  one.socket.write(text)
  await one.hears(text)
  const took = performance.now() - began
  assert.ok(took >= 195 && took < 2000, `${took} ms`)
})

talk('slicing: every byte, in order', async (one) => {
  one.proxy.set('up', new Slicer(1))
  one.proxy.set('down', new Slicer(3))
  const text = Array.from({ length: 500 }, (_, index) => String.fromCharCode(33 + (index % 90))).join('')
  one.socket.write(text)
  await one.hears(text)
})

talk('a blackhole swallows in silence, until it is gone', async (one) => {
  one.socket.write('a')
  await one.hears('a')
  one.proxy.set('down', new Blackhole())
  one.socket.write('b')
  await eventually(() => one.proxy.carried.down === 2, 'the echo of what is lost')
  one.proxy.set('down')
  one.socket.write('c')
  await one.hears('ac')
  assert.not.ok(one.isEnded)
})

talk('a reset ends both sides', async (one) => {
  one.socket.write('a')
  await one.hears('a')
  one.proxy.reset()
  await eventually(() => one.isClosed || one.isEnded, 'the end')
  assert.is(one.proxy.connections, 0)
})

talk('a half-close ends one direction only', async (one) => {
  one.socket.write('a')
  await one.hears('a')
  one.proxy.set('down', new Blackhole())
  one.proxy.halfClose('down')
  await eventually(() => one.isEnded, 'the end of one direction')
  assert.ok(one.socket.writable)
  const before = one.proxy.carried.up
  one.socket.write('b')
  await eventually(() => one.proxy.carried.up === before + 1, 'the other direction')
})

talk('a limit of bytes: exactly so many, then a reset', async (one) => {
  one.proxy.set('down', new ByteLimit(1234))
  one.socket.write('l'.repeat(10_000))
  await eventually(() => one.isClosed || one.isEnded, 'the end')
  assert.is(one.text, 'l'.repeat(1234))
})

talk('a limit of bytes: or a half-close', async (one) => {
  one.proxy.set('down', new ByteLimit(10, 'half-close'))
  one.socket.write('l'.repeat(100))
  await eventually(() => one.isEnded, 'the end')
  assert.is(one.text.length, 10)
  assert.ok(one.socket.writable)
})

talk('flipped bits: about as many as was said, and the same each time', async (one) => {
  const flip = new BitFlip(1000, seeded(7))
  one.proxy.set('up', flip)
  const sent = Buffer.alloc(100_000, 0x55)
  one.socket.write(sent)
  await eventually(() => one.text.length === sent.length, 'all bytes')
  const wrong = [...Buffer.concat(one.heard)].filter((byte) => byte !== 0x55).length
  assert.ok(wrong > 50 && wrong <= flip.flipped && wrong < 200, `${wrong} of ${flip.flipped}`)
})

test.run()
