// An AsyncIterable as a Web ReadableStream.
import { ReadableStream } from 'node:stream/web'

/**
 * Pulls one value for each that is read, none ahead; cancelling ends the iteration at once.
 * (`ReadableStream.from` waits for a pending `next()` before it lets go.)
 */
export function toReadable<T>(iterable: AsyncIterable<T>): ReadableStream<T> {
  let iterator: AsyncIterator<T> | undefined
  return new ReadableStream<T>(
    {
      async pull(controller) {
        iterator ??= iterable[Symbol.asyncIterator]()
        const step = await iterator.next()
        if (step.done === true) controller.close()
        else controller.enqueue(step.value)
      },
      async cancel() {
        await iterator?.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
