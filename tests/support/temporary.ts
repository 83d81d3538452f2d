// A folder that is gone when the process is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A new, empty folder. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pit-test-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
