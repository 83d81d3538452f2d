// A program that falls off its end closes what it left open, so that adapters clean up.

const open = new Set<() => Promise<void>>()

/** Calls `close` when the program has nothing left to do. The returned function takes that back. */
export function onProgramEnd(close: () => Promise<void>): () => void {
  if (open.size === 0) process.on('beforeExit', closeAll)
  open.add(close)
  return () => {
    if (open.delete(close) && open.size === 0) process.off('beforeExit', closeAll)
  }
}

// Closing is work, so Node goes on until it is done, and then finds nothing left to do again.
function closeAll(): void {
  for (const close of [...open]) void close()
}
