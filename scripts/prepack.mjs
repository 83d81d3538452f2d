// What `npm pack` and `npm publish` run first: `dist` is made from the sources, also in a fresh clone.
import { build } from './build.mjs'
import { setupOrExit } from './setup.mjs'

// `npm pack --json` writes to standard output; what is said here is for people.
const say = (line) => console.error(line)
await setupOrExit({ python: 'none', say })
const { ok, output } = await build()
if (!ok) {
  console.error(`The package cannot be packed: its sources do not compile.\n${output.trim()}`)
  process.exitCode = 1
}
