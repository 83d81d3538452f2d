// `npm run bench [-- question …]`: asks the questions of bench/.
import { runTypeScript } from './steps/run-typescript.mjs'

await runTypeScript('bench/run.ts')
