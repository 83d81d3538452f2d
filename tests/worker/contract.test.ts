// The contract of calls over real Python workers, on every transport.
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import { Snakepit, type SnakepitOptions } from '../../src/index.js'
import { callContract } from '../contract/calls.js'

const adapter = fileURLToPath(new URL('../contract/tools.py', import.meta.url))
const ways: Record<string, Partial<SnakepitOptions>> = {
  'MessagePack over a pipe': { transport: 'msgpack' },
  'gRPC over a unix socket': { transport: 'grpc' },
  'gRPC over TCP': { basePort: 0 },
}

for (const [way, options] of Object.entries(ways)) {
  callContract({
    name: `Python tools over ${way}`,
    raisedCode: 'python_error',
    marks: true,
    open: () => Snakepit.open({ adapter, size: 1, drain: 0, ...options }),
  })
}

test.run()
