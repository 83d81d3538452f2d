// What the example says, as it happens and in the end.
import { styleText } from 'node:util'
import type { PoolStats, SnakepitError } from '../../src/index.js'

type Style = Parameters<typeof styleText>[0]
let headings = 0

/** Text in a style, where there is a terminal to show it. */
function paint(style: Style, text: string): string {
  return process.stdout.isTTY === true ? styleText(style, text) : text
}

/** What happens next. */
export function heading(title: string, what: string): void {
  console.log(`\n${paint('bold', `${++headings}. ${title}`)}\n   ${what}`)
}

/** A fact about it, in lines of 100 characters. */
export function say(fact: string): void {
  console.log(`   ${fact.replace(/(.{1,95})(?: |$)/g, '$1\n     ').trimEnd()}`)
}

/** How a worker died, as its call was told. */
export function died({ code, mayHaveRun, details }: SnakepitError): void {
  const { tool, worker, signal, crashClass, lastLines } = details
  say(`${code}: ${tool}() on ${worker}, ${signal} (class '${crashClass}'), mayHaveRun ${mayHaveRun}`)
  for (const line of lastWords(lastLines as readonly string[])) console.log(paint('dim', `     | ${line}`))
}

/** What it died of, and where: from C up to the tool. The stacks of its other threads are there, too. */
function lastWords(lines: readonly string[]): string[] {
  const stack = lines.slice(lines.findIndex((line) => line.startsWith('Current thread')))
  const tool = stack.findIndex((line) => line.includes('fragile.py'))
  const words = [...lines.slice(0, 1), ...stack.slice(1, tool + 1)]
  return words.map((line) => line.replace(/"[^"]*\/([^"]+)"/, '"$1"'))
}

/** The pool's own numbers. */
export function table(stats: PoolStats): void {
  const { submitted, completed, lost, refused, retries, restarts, quarantined, tainted, crashes, workers } = stats
  const rows = {
    calls: { submitted, completed, lost, refused, retries },
    crashes,
    workers: { ready: workers.ready, restarts, tainted },
    tools: { quarantined },
  }
  console.log(`\n${paint('bold', 'pit.stats()')}`)
  for (const [title, figures] of Object.entries(rows)) {
    const cells = Object.entries(figures).map(([name, figure]) => `${name} ${String(figure).padEnd(3)}`)
    console.log(`  ${title.padEnd(8)}  ${cells.join('  ').trimEnd()}`)
  }
}
