// The watch over one worker that runs: its peer is asked first, its transport where that is silent.
import type { Peer } from '../peer/peer.js'
import type { Wire } from '../wire/wire.js'
import type { Liveliness } from './life-sign.js'
import { type Heartbeat, LifeSigns } from './life-signs.js'

/** A watch that was begun. */
export interface LifeWatch {
  /** Resolves when there are no signs of life any more; never, where nobody looks. */
  readonly hung: Promise<'hung'>
  stop(): void
}

/** Begins to look for signs of life; `tell` hears of every change. */
export function watchLife(
  heartbeat: Heartbeat | false,
  peer: Peer,
  wire: Wire,
  tell: (condition: Exclude<Liveliness, 'gone'>) => void,
): LifeWatch {
  if (heartbeat === false) return { hung: new Promise(() => undefined), stop: () => undefined }
  let hang = (_: 'hung') => {}
  const hung = new Promise<'hung'>((resolve) => {
    hang = resolve
  })
  const watched = {
    heard: () => peer.heard,
    ask: () => void peer.ping().catch(() => undefined),
    probe: (signal: AbortSignal) => wire.probe(signal),
    tell: (condition: Exclude<Liveliness, 'gone'>) => {
      // Before anybody who hears of it orders the worker to stop.
      if (condition === 'hung') hang(condition)
      tell(condition)
    },
  }
  const signs = new LifeSigns(watched, heartbeat)
  return { hung, stop: () => signs.stop() }
}
