// Which files there are, in a stable order.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const skipped = new Set(['node_modules', 'dist', 'gen', '__pycache__'])

/** All files below a folder whose path fits, generated and installed ones left out. */
export function filesBelow(folder, fits) {
  return list(folder)
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (!entry.isDirectory()) return fits(path) ? [path] : []
      return skipped.has(entry.name) || entry.name.startsWith('.') ? [] : filesBelow(path, fits)
    })
    .sort()
}

function list(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}
