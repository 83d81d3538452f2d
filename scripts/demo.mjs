// `npm run demo`: a real model trains in Python, live in the terminal.
import { runTypeScript } from './steps/run-typescript.mjs'

await runTypeScript('examples/demo/main.ts')
