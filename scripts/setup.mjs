// Everything that must be there before the project can be built and tested. Runs before node_modules exists.
//
//     node scripts/setup.mjs [none | runtime | dev | demo]
import { pathToFileURL } from 'node:url'
import { root } from './steps/command.mjs'
import { installNodeModules } from './steps/node-modules.mjs'
import { setupDevPython } from './steps/python-dev.mjs'
import { SetupFailure } from './steps/setup-failure.mjs'

/**
 * Installs what is missing or out of date; a second run installs nothing.
 *
 * @param {{ python?: 'none' | 'runtime' | 'dev' | 'demo', say?: (line: string) => void }} [options]
 *   `dev` adds the Python of the tests. `runtime` and `demo` need none of ours: the library builds its own when it runs
 * @throws {SetupFailure} with one paragraph for people
 */
export async function setup({ python = 'dev', say = (line) => console.log(line) } = {}) {
  await installNodeModules(root, say)
  if (python === 'dev') await setupDevPython(say)
}

/** What is said of a failure: of a set-up that cannot go on one paragraph, of a fault of ours everything. */
export function tell(error) {
  return error instanceof SetupFailure ? error.message : (error.stack ?? String(error))
}

/** {@link setup} for a program that cannot do without: where it fails, the reason is told and the program ends. */
export async function setupOrExit(options) {
  try {
    await setup(options)
  } catch (error) {
    console.error(tell(error))
    process.exit(1)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const kinds = ['none', 'runtime', 'dev', 'demo']
  const python = process.argv[2] ?? 'dev'
  if (!kinds.includes(python)) {
    console.error(`expected one of ${kinds.join(', ')}, got '${python}'`)
    process.exit(2)
  }
  await setupOrExit({ python })
  console.log('ready')
}
