// The last lines of a worker, kept where its death cannot take them along.

import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'

/** Bytes of lines that are kept, behind the count of all that were ever written. */
const ringBytes = 16 * 1024
const headBytes = 8

/**
 * A file without a name that a worker writes its lines into as it prints them. Lines travel by the wire too, but a process
 * that dies in the middle of a call takes along what it has not sent; what it wrote here the system keeps.
 */
export class BlackBox {
  /** The descriptor that the worker inherits. */
  readonly fd: number
  #closed = false

  private constructor(fd: number) {
    this.fd = fd
  }

  /** A new box; undefined where no file can be made: then some last words may be lost. */
  static open(): BlackBox | undefined {
    const path = resolve(tmpdir(), `snakepit-${randomUUID()}`)
    try {
      const fd = openSync(path, 'wx+', 0o600)
      unlinkSync(path)
      return new BlackBox(fd)
    } catch {
      return undefined
    }
  }

  /** The lines in it, oldest first; the first one may have lost its beginning. */
  read(): string[] {
    const bytes = Buffer.alloc(headBytes + ringBytes)
    if (this.#closed || readSync(this.fd, bytes, 0, bytes.length, 0) < bytes.length) return []
    const written = Number(bytes.readBigUInt64LE(0))
    const ring = bytes.subarray(headBytes)
    const end = written % ringBytes
    const text =
      written <= ringBytes ? ring.subarray(0, written) : Buffer.concat([ring.subarray(end), ring.subarray(0, end)])
    const lines = text.toString('utf8').split('\n')
    lines.pop()
    // What is overwritten in part says nothing for certain.
    return written <= ringBytes ? lines : lines.slice(1)
  }

  /** Lets go of it. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.fd)
  }
}
