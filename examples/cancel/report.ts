// What the example says: a line per fact as it happens, and a table of all of them at the end.
import { styleText } from 'node:util'
import type { LeaveRung, PoolStats } from '../../src/index.js'

/** What leaving one call took. Times are milliseconds from the moment it was asked for. */
export interface Leaving {
  readonly how: string
  readonly free: number
  /** Undefined for a tool whose `finally` never ran. */
  readonly cleanedUp: number | undefined
  readonly rung: LeaveRung
  readonly pid: number
  readonly kept: boolean
}

const meanings: Readonly<Record<LeaveRung, string>> = {
  not_started: 'the tool never began',
  closed: 'by itself, or by GeneratorExit at a yield',
  interrupted: 'CallCancelled in the middle of its code, CancelledError at an await',
  thrown: 'CallCancelled, in an event loop that nobody else got to',
  replaced: 'not at all within `cancelGrace`: its process was stopped',
}

type Style = Parameters<typeof styleText>[0]

/** Text in a style, where there is a terminal to show it. */
function paint(style: Style, text: string): string {
  return process.stdout.isTTY === true ? styleText(style, text) : text
}

/** What is tried next, and what Python is doing. */
export function heading(number: number, how: string, doing: string): void {
  console.log(`\n${paint('bold', `${number}. ${how}`)}\n   ${doing}`)
}

/** A fact about what was just tried. */
export function say(fact: string): void {
  console.log(`   ${fact}`)
}

/** What leaving it took. */
export function outcome({ free, cleanedUp, rung, pid, kept }: Leaving): void {
  const cleanup = cleanedUp === undefined ? 'finally never ran' : `finally had run after ${ms(cleanedUp)}`
  say(`caller free after ${ms(free)}, ${cleanup}, rung ${paint(rung === 'replaced' ? 'yellow' : 'green', rung)}`)
  say(kept ? `process ${pid} is still there, and so is its table` : `process ${pid} is new, and built the table again`)
}

/** All of them, one below the other. */
export function table(leavings: readonly Leaving[]): void {
  const width = Math.max(...leavings.map(({ how }) => how.length))
  const head = `${''.padEnd(width)}  ${'caller free'.padStart(12)}  ${'finally ran'.padStart(12)}  rung         table`
  console.log(`\n${paint('bold', head)}`)
  for (const { how, free, cleanedUp, rung, kept } of leavings) {
    const cleanup = cleanedUp === undefined ? 'never' : ms(cleanedUp)
    const figures = `${ms(free).padStart(12)}  ${cleanup.padStart(12)}  ${rung.padEnd(11)}  ${kept ? 'kept' : 'built again'}`
    console.log(`${how.padEnd(width)}  ${figures}`)
  }
}

/** How far Python had to be pushed, from the pool's own count. */
export function showCancels(cancels: PoolStats['cancels']): void {
  console.log(`\n${paint('bold', 'pit.stats().cancels')}`)
  for (const [rung, count] of Object.entries(cancels)) {
    console.log(`  ${rung.padEnd(11)}  ${String(count).padStart(2)}  ${meanings[rung as LeaveRung]}`)
  }
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
