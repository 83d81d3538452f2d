// What the demo shows: a live picture in a terminal, plain lines everywhere else.
import { styleText } from 'node:util'
import asciichart from 'asciichart'
import logUpdate from 'log-update'

/** One epoch as Python reports it. */
export interface Epoch {
  readonly epoch: number
  readonly loss: number
  readonly accuracy: number
  readonly seconds: number
}

type Style = Parameters<typeof styleText>[0]

const live = process.stdout.isTTY === true && process.env.TERM !== 'dumb'
const barWidth = 32
const chartWidth = 60

/** Text in a style, where there is a terminal to show it. */
export function paint(style: Style, text: string): string {
  return live ? styleText(style, text) : text
}

/** A heading with a line on what is about to be shown. */
export function heading(title: string, explanation: string): void {
  console.log(`\n${paint('bold', title)}\n${paint('dim', explanation)}\n`)
}

/** A fact that was checked. */
export function proven(fact: string): void {
  console.log(`${paint('green', live ? '✔' : 'ok')} ${fact}`)
}

/** Draws a training as it happens. */
export class TrainingScreen {
  readonly #epochs: number
  readonly #losses: number[] = []

  constructor(epochs: number) {
    this.#epochs = epochs
  }

  /** Shows one more epoch. */
  show(epoch: Epoch): void {
    this.#losses.push(epoch.loss)
    if (live) logUpdate(this.#picture(epoch))
    else console.log(figures(epoch, this.#epochs))
  }

  /** Leaves the picture where it is. */
  done(): void {
    if (live) logUpdate.done()
  }

  #picture(epoch: Epoch): string {
    const filled = Math.round((epoch.epoch / this.#epochs) * barWidth)
    const bar = paint('cyan', '█'.repeat(filled)) + paint('dim', '░'.repeat(barWidth - filled))
    const points = stretched(this.#losses, chartWidth)
    const chart = asciichart.plot(points, { height: 8, min: 0, format: (value) => value.toFixed(2).padStart(6) })
    return `${bar} ${figures(epoch, this.#epochs)}\n\n${paint('yellow', chart)}\n${paint('dim', '       loss, epoch by epoch')}`
  }
}

function figures({ epoch, loss, accuracy, seconds }: Epoch, epochs: number): string {
  const count = `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`
  return `${count}  loss ${loss.toFixed(4)}  accuracy ${(accuracy * 100).toFixed(1)}%  ${seconds.toFixed(2)} s`
}

/** A curve with as many points as the chart is wide, however many there are yet. */
function stretched(values: readonly number[], width: number): number[] {
  const repeat = Math.max(1, Math.floor(width / 40))
  return values.slice(-Math.floor(width / repeat)).flatMap((value) => Array.from({ length: repeat }, () => value))
}
