// Runs campaigns from the command line and prints what came of them.
//
//     node --import tsx tests/campaigns/main.ts --scale chaos [--seed 42] [--only name,name] [--write docs/guarantees.md]
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { campaigns } from './all.js'
import { conduct, type Report, type Scale, scales, tableOf } from './campaign.js'

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: 'chaos' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    write: { type: 'string' },
  },
})
const scale = values.scale as Scale
if (!scales.includes(scale))
  throw new Error(`expected --scale to be one of ${scales.join(', ')}, got '${values.scale}'`)
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed)) throw new Error(`expected --seed to be an integer, got '${values.seed}'`)
const wanted = values.only?.split(',')
const unknown = wanted?.find((name) => !campaigns.some((campaign) => campaign.name === name))
if (unknown !== undefined) {
  throw new Error(`there is no campaign '${unknown}'; there are ${campaigns.map(({ name }) => name).join(', ')}`)
}

const reports: Report[] = []
for (const campaign of campaigns) {
  if (wanted !== undefined && !wanted.includes(campaign.name)) continue
  process.stdout.write(
    `${campaign.name} (${campaign.guarantees.join(', ')}): ${campaign.trials[scale]} ${campaign.unit} `,
  )
  const report = await conduct(campaign, scale, seed)
  reports.push(report)
  console.log(`… ${report.failures.length} failed, ${report.seconds.toFixed(1)} s  ${report.figures}`)
  for (const failure of report.failures.slice(0, 10)) console.log(`    ${failure.replaceAll('\n', '\n    ')}`)
}

const failed = reports.filter(({ failures }) => failures.length > 0)
console.log(`\n${tableOf(reports)}\n`)
console.log(`${reports.length} campaigns, ${failed.length} with failures; seed ${seed}`)
if (values.write !== undefined) write(values.write)
process.exitCode = failed.length > 0 ? 1 : 0

/** Puts the table between its two marks. */
function write(path: string): void {
  const [begin, end] = ['<!-- table: begin -->', '<!-- table: end -->']
  const text = readFileSync(path, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} has no place for the table (${begin} … ${end})`)
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n${machine()}\n\n${tableOf(reports)}\n${text.slice(to)}`)
}

function machine(): string {
  const day = new Date().toISOString().slice(0, 10)
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const cores = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'a core'}`
  return `Last full run: ${day}, scale \`${scale}\`; ${cores}, ${memory}, ${process.platform}, Node ${process.version}.`
}
