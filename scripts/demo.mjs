// `npm run demo`: sets up what is missing, then runs the demo.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setup } from './setup.mjs'

await setup({ python: 'none' })
const root = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'examples/demo/main.ts'], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
