// Everything that something brings.

/** Reads to the end, and gives what came, in order. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = []
  for await (const item of items) seen.push(item)
  return seen
}
