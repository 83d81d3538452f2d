// Any number of calls on one AbortSignal, with one listener on it: adding and removing stay cheap, and Node warns of nothing.

/** Who wants to know when a signal fires. */
export interface SignalWatcher {
  /** The signal fired, for this reason. */
  aborted(reason: unknown): void
}

/**
 * True for what works as an AbortSignal, of whatever realm: frameworks for tests and for the DOM in Node bring classes of
 * their own.
 */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (value instanceof AbortSignal) return true
  try {
    const { aborted, addEventListener, removeEventListener } = value as AbortSignal
    const listens = typeof addEventListener === 'function' && typeof removeEventListener === 'function'
    return typeof aborted === 'boolean' && listens && 'reason' in (value as object)
  } catch {
    return false
  }
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
  // A function: not every signal takes an object that handles events.
  readonly #tell = () => {
    // Each leaves as it is told.
    for (const watcher of this.#watchers) watcher.aborted(this.#signal.reason)
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  add(watcher: SignalWatcher): void {
    if (this.#watchers.size === 0) this.#signal.addEventListener('abort', this.#tell)
    this.#watchers.add(watcher)
  }

  delete(watcher: SignalWatcher): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0)
      this.#signal.removeEventListener('abort', this.#tell)
  }
}
