// What every question stands on: our library and the hand-written peer, on the same interpreter, side by side.
import { fileURLToPath } from 'node:url'
import { Snakepit, type SnakepitOptions } from '../../src/index.js'
import { Handwritten } from '../peer/handwritten.js'

/** Both sides of a comparison, warm. */
export interface Stage {
  readonly pit: Snakepit
  readonly handwritten: Handwritten
  readonly close: () => Promise<void>
}

const adapter = fileURLToPath(new URL('../tools.py', import.meta.url))

/** Opens our library with one worker and 32 calls at a time on it. */
export function openPit(options: Partial<SnakepitOptions> = {}): Promise<Snakepit> {
  return Snakepit.open({ adapter, size: 1, concurrency: 32, timeout: 600_000, streamTimeout: 600_000, ...options })
}

/** Starts both sides and calls each once. */
export async function openStage(transport: SnakepitOptions['transport']): Promise<Stage> {
  const pit = await openPit({ transport })
  const python = pit.workers()[0]?.info()?.python.executable
  if (python === undefined) throw new Error('the worker is ready and has no interpreter')
  const handwritten = await Handwritten.start(python)
  await Promise.all([pit.execute('add', { a: 1, b: 2 }), handwritten.call({ a: 1, b: 2 })])
  return {
    pit,
    handwritten,
    close: async () => {
      await Promise.all([pit.close(), handwritten.stop()])
    },
  }
}
