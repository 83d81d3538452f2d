// Two sockets that are connected to each other, as those are that a child inherits.
import { rmSync } from 'node:fs'
import { createServer, connect as dial, type Socket } from 'node:net'
import { join } from 'node:path'
import { temporaryFolder } from './temporary.js'

let count = 0
let folder: string | undefined

/** Both ends. */
export function socketPair(): Promise<readonly [Socket, Socket]> {
  folder ??= temporaryFolder()
  const path = join(folder, `${count++}.sock`)
  return new Promise((resolve, reject) => {
    const server = createServer((far) => {
      server.close()
      rmSync(path, { force: true })
      resolve([near, far])
    })
    let near: Socket
    server.once('error', reject)
    server.listen(path, () => {
      near = dial(path).once('error', reject)
    })
  })
}
