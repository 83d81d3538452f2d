// The contract's tools in TypeScript; subject.ts lists them.
import type { ServedCall, ServedTool } from '../../src/peer/serve-tools.js'

/** A fresh set of the tools. */
export function typescriptTools(): Readonly<Record<string, ServedTool>> {
  let facts = { produced: 0, left: 0 }

  async function* tracked<T, R>(items: Iterable<T>, last?: (call: ServedCall) => Promise<R>, call?: ServedCall) {
    const mine = { produced: 0, left: 0 }
    facts = mine
    try {
      for (const item of items) {
        mine.produced++
        yield item
      }
      return await last?.(call as ServedCall)
    } finally {
      mine.left = 1
    }
  }

  const below = (n: unknown) => Array.from({ length: n as number }, (_, index) => index)
  return {
    echo: ({ value }) => value,
    add: ({ a, b }) => (a as number) + (b as number),
    refuse: ({ message }) => {
      throw new TypeError(String(message))
    },
    waits: (_, { signal }) => cancelled(signal),
    count: ({ n }) => tracked(below(n).map((each) => ({ n: each }))),
    values: ({ items }) => tracked(items as unknown[]),
    returns: ({ n }) => tracked(below(n), async () => ({ total: n })),
    fail: ({ after, message }) =>
      tracked(below(after), async () => {
        throw new TypeError(String(message))
      }),
    silent: (_, call) => tracked(['here'], ({ signal }) => cancelled(signal), call),
    blobs: ({ n, size }) => tracked(below(n).map((each) => new Uint8Array(size as number).fill(each))),
    async *steps({ n }, { progress }) {
      for (const step of below(n)) {
        progress({ step })
        yield step
      }
    },
    facts: () => facts,
  }
}

function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}
