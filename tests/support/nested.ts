// Depth, for whoever has a limit to it.

/** A value with so many lists around it. */
export function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}
