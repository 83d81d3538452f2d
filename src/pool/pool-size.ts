// How many workers: one number, or bounds with a beginning.
import { availableParallelism } from 'node:os'
import { unexpected } from '../errors/invalid-option.js'

/** What was said of the size. */
export interface SizeOptions {
  readonly size: number | undefined
  readonly minSize: number | undefined
  readonly maxSize: number | undefined
}

/** The size at first, and the bounds that it keeps within. */
export interface PoolSizes {
  readonly size: number
  readonly minSize: number
  readonly maxSize: number
}

/**
 * Settles the size of a pool. `size` alone is a pool that neither grows nor shrinks; one bound without `size` says too
 * little, for the other one would have to be guessed.
 *
 * @throws SnakepitError `invalid_option` where the numbers contradict each other
 */
export function resolveSizes({ size, minSize, maxSize }: SizeOptions): PoolSizes {
  if (minSize === undefined && maxSize === undefined) return exactly(size ?? Math.min(4, availableParallelism()))
  const least = minSize ?? size
  const most = maxSize ?? size
  if (least === undefined) throw unexpected('minSize', 'given with `maxSize`, unless `size` is', minSize)
  if (most === undefined) throw unexpected('maxSize', 'given with `minSize`, unless `size` is', maxSize)
  if (size === undefined) {
    if (most < least) throw unexpected('maxSize', `\`minSize\` (${least}) at least`, most)
    return { size: least, minSize: least, maxSize: most }
  }
  if (maxSize !== undefined && minSize !== undefined && maxSize < minSize) {
    throw unexpected('maxSize', `\`minSize\` (${minSize}) at least`, maxSize)
  }
  if (size < least) throw unexpected('size', `\`minSize\` (${least}) at least`, size)
  if (size > most) throw unexpected('size', `\`maxSize\` (${most}) at most`, size)
  return { size, minSize: least, maxSize: most }
}

function exactly(size: number): PoolSizes {
  return { size, minSize: size, maxSize: size }
}
