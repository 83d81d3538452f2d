// `npm run chaos` and `npm run soak`: what is guaranteed, tried for minutes or for hours.
//
//     npm run chaos -- --only host-death,ledger --seed 42
//     npm run chaos -- --write docs/guarantees.md
import { spawnSync } from 'node:child_process'
import { setupOrExit } from './setup.mjs'
import { root } from './steps/command.mjs'
import { devPython } from './steps/python-dev.mjs'

const [scale, ...rest] = process.argv.slice(2)
await setupOrExit({ python: 'dev' })
const args = ['--import', 'tsx', 'tests/campaigns/main.ts', '--scale', scale, ...rest]
const { status } = spawnSync(process.execPath, args, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, SNAKEPIT_PYTHON: devPython },
})
process.exitCode = status ?? 1
