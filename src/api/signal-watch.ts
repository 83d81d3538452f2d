// Any number of calls on one AbortSignal, with one listener on it: adding and removing stay cheap, and Node warns of nothing.

/** Who wants to know when a signal fires. */
export interface SignalWatcher {
  /** The signal fired, for this reason. */
  aborted(reason: unknown): void
}

const crowds = new WeakMap<AbortSignal, Crowd>()

/** Tells the watcher once when the signal fires, unless it leaves first. The signal must not have fired yet. */
export function watchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  let crowd = crowds.get(signal)
  if (crowd === undefined) {
    crowd = new Crowd(signal)
    crowds.set(signal, crowd)
  }
  crowd.add(watcher)
}

/** The watcher wants to know no more. Harmless when it never wanted to. */
export function unwatchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  crowds.get(signal)?.delete(watcher)
}

class Crowd {
  readonly #signal: AbortSignal
  readonly #watchers = new Set<SignalWatcher>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(watcher: SignalWatcher): void {
    if (this.#watchers.size === 0) this.#signal.addEventListener('abort', this)
    this.#watchers.add(watcher)
  }

  delete(watcher: SignalWatcher): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#signal.removeEventListener('abort', this)
  }

  handleEvent(): void {
    // Each leaves as it is told.
    for (const watcher of this.#watchers) watcher.aborted(this.#signal.reason)
  }
}
