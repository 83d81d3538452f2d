// What the package knows of itself, as TypeScript: a program that was bundled has no package.json beside it to ask.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './command.mjs'

/** Where the facts are kept. */
export const packageFacts = join('src', 'python', 'package-facts.ts')

/** The text of that file, from package.json and the requirements of the bridge. */
export function writePackageFacts() {
  const read = (...parts) => readFileSync(join(root, ...parts), 'utf8')
  const { version } = JSON.parse(read('package.json'))
  return `// What this package knows of itself, made by \`npm run generate\`: bundles have no file beside them to read it from.

/** The version of this package, as package.json says. */
export const version: string = '${version}'

/** What the bridge asks of an interpreter (bridge-py/requirements.txt): the ranges that are known to work. */
${listed('bridgeRequirements', read('bridge-py', 'requirements.txt'))}

/** The exact versions that a managed environment gets (bridge-py/requirements.lock): what the library is tested with. */
${listed('lockedRequirements', read('bridge-py', 'requirements.lock'))}
`
}

/** A list as the formatter would have it. */
function listed(name, requirements) {
  const lines = requirements.split('\n').map((line) => line.replace(/(^|\s)#.*$/, '').trim())
  const items = lines.filter((line) => line !== '').map((line) => `'${line}'`)
  const start = `export const ${name}: readonly string[] = [`
  const line = `${start}${items.join(', ')}]`
  return line.length <= 120 ? line : `${start}\n${items.map((item) => `  ${item},\n`).join('')}]`
}
