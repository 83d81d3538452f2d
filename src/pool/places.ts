// The places of a pool, in the order in which they were made, and whose turn it is to start.
import { type PlaceState, WorkerPlace } from './worker-place.js'

/** What decides who starts next. */
export interface StartRules {
  /** How many may be starting at a time. */
  readonly startBatch: number
  /** True once any worker of the pool has been ready. */
  readonly hasBeenReady: boolean
}

/** The place to start now; undefined while none is to be. */
export function nextToStart(places: readonly WorkerPlace[], rules: StartRules): WorkerPlace | undefined {
  const inState = (type: PlaceState['type']) => places.filter(({ state }) => state.type === type)
  // While nobody has been ready, one failure is reason to wait for the others before more are tried.
  if (!rules.hasBeenReady && inState('in-doubt').length > 0) return undefined
  return inState('starting').length < rules.startBatch ? inState('waiting')[0] : undefined
}

/** The places there are. A number that was given back is given out again: names stay few however long a pool lives. */
export class Places {
  readonly #all: WorkerPlace[] = []

  constructor(readonly name: string) {}

  get all(): readonly WorkerPlace[] {
    return this.#all
  }

  /** How many places are to stay. */
  get size(): number {
    return this.#all.reduce((size, place) => (place.isToStay ? size + 1 : size), 0)
  }

  /** How many places are in the given state. */
  count(type: PlaceState['type']): number {
    return this.#all.reduce((count, place) => (place.state.type === type ? count + 1 : count), 0)
  }

  /** What may be expected of the places, apart from one whose worker has just failed to start. */
  prospects(): { readonly ready: number; readonly starting: number; readonly resting: number } {
    return {
      ready: this.count('ready') + this.count('draining'),
      starting: this.count('starting'),
      // One that is stopping is replaced, and one that waits is about to start.
      resting: this.count('resting') + this.count('stopping') + this.count('waiting'),
    }
  }

  add(): WorkerPlace {
    const taken = new Set(this.#all.map((place) => place.index))
    let index = 0
    while (taken.has(index)) index++
    const place = new WorkerPlace(`${this.name}-${index}`, index)
    this.#all.push(place)
    return place
  }

  remove(place: WorkerPlace): void {
    const at = this.#all.indexOf(place)
    if (at >= 0) this.#all.splice(at, 1)
  }

  /** The place that is to relieve another one. */
  reliefOf(place: WorkerPlace): WorkerPlace | undefined {
    return this.#all.find((other) => other.relieves === place)
  }
}
