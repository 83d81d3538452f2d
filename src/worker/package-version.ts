// The version of this package, as its package.json says.
import { createRequire } from 'node:module'

/** Both `src/worker` and `dist/worker` are two folders below the package's root. */
export const version: string = (createRequire(import.meta.url)('../../package.json') as { version: string }).version
