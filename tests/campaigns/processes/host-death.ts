// When the host dies of a signal, everything that its workers have started is gone, whatever those are at.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../../support/eventually.js'
import { Ledger } from '../../support/ledger.js'
import { descendantsOf } from '../../support/processes.js'
import type { Campaign } from '../campaign.js'
import { adapterAt, programOf, startHost } from './host.js'
import { described, type Kin, kinOf, lives } from './kin.js'
import { inRounds, type Round, spread } from './rounds.js'

const size = 4
/** Milliseconds that everything has to be gone within. */
const limit = 2000
const states = ['idle', 'streaming', 'gil', 'c', 'sigterm', 'booting', 'booting-gil']

/** What ends the host: a signal to itself or, as terminals, shells and supervisors send them, to its whole group. */
interface Death {
  readonly first: 'itself' | 'its group'
  readonly signal: NodeJS.Signals
  /** How the host ends; one that lives on, or is stopped, is killed. */
  readonly ends: NodeJS.Signals
}

const deaths: readonly Death[] = [
  ...(['SIGKILL', 'SIGABRT', 'SIGSEGV'] as const).map((signal) => ({ first: 'itself' as const, signal, ends: signal })),
  ...(
    ['SIGQUIT', 'SIGHUP', 'SIGINT', 'SIGALRM', 'SIGUSR2', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSYS'] as const
  ).map((signal) => ({ first: 'its group' as const, signal, ends: signal })),
  ...(['SIGSTOP', 'SIGTSTP', 'SIGUSR1', 'SIGPIPE', 'SIGWINCH'] as const).map((signal) => ({
    first: 'its group' as const,
    signal,
    ends: 'SIGKILL' as const,
  })),
]

export const hostDeath: Campaign = {
  name: 'host-death',
  guarantees: ['G1', 'G32'],
  sentence:
    'a host dies of a signal, its own or one to its group, or is stopped and killed: what its 4 workers have started, detached grandchildren too, is gone within 2 s, and so are their sockets',
  unit: 'hosts killed',
  trials: { share: 2, chaos: 100, soak: 3000 },
  async run(plan) {
    const took: number[] = []
    let killed = 0
    return inRounds(
      plan,
      2,
      async (round) => {
        const { processes, ms } = await oneDeath(round)
        killed += processes
        took.push(ms)
      },
      () => `until all were gone: ${spread(took)}; ${killed} processes`,
    )
  },
}

async function oneDeath(round: Round): Promise<{ processes: number; ms: number }> {
  const { first, signal, ends } = round.oneOf(deaths)
  const drawn = Array.from({ length: size }, () => round.oneOf(states))
  round.note(`${signal} to ${first}, workers ${drawn.join(' ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'pit-doomed-'))
  const { host, ledger } = start(drawn, folder)
  let family: Kin[] = []
  try {
    family = await grown(host.pid, ledger, drawn)
    await pause(round.below(100))
    if (socketsIn(folder).length !== size) round.fail(`there were ${socketsIn(folder).length} socket folders`)
    const began = performance.now()
    host.signal(signal, first === 'its group')
    if (ends !== signal) host.signal(ends)
    await eventually(() => !family.some(lives), 'the end of all', limit).catch(() => {
      round.fail(`after ${limit} ms there still were ${family.filter(lives).map(described).join('; ')}`)
    })
    const ms = performance.now() - began
    await eventually(() => socketsIn(folder).length === 0, 'the end of the sockets', limit).catch(() => {
      round.fail(`socket folders were left: ${socketsIn(folder).join(', ')}`)
    })
    const end = await host.ended(limit)
    if (end.signal !== ends) round.fail(`the host ended with ${JSON.stringify(end)}`)
    return { processes: family.length, ms }
  } finally {
    host.signal('SIGKILL')
    for (const kin of family) if (lives(kin)) process.kill(kin.pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

function start(drawn: readonly string[], folder: string) {
  const ledger = new Ledger()
  const ready = drawn.filter((state) => !state.startsWith('booting')).length
  const host = startHost({
    program: programOf('doomed.ts'),
    words: [adapterAt('kinfolk.py'), size, ready, folder],
    env: { ...ledger.env, STATES: drawn.join(',') },
    cwd: folder,
    leads: true,
  })
  return { host, ledger }
}

/** Everybody that the host and its workers have started, once each worker is at what it has drawn. */
async function grown(host: number, ledger: Ledger, drawn: readonly string[]): Promise<Kin[]> {
  const born = await written(ledger, 'born', size)
  const ready = drawn.filter((state) => !state.startsWith('booting')).length
  if (ready > 0) await written(ledger, 'in', ready)
  const told = born.flatMap((line) => line.split(' ').slice(1).map(Number))
  // The loader of the host has a child too.
  const family = [...new Set([...told, ...descendantsOf(host)])].map(kinOf).filter((kin) => kin !== undefined)
  const missing = told.filter((pid) => !family.some((kin) => kin.pid === pid))
  if (missing.length > 0) throw new Error(`processes ${missing.join(', ')} had ended before the host`)
  return family
}

/** What workers write when they are there: with more patience than the ledger has, on a machine that has much to do. */
async function written(ledger: Ledger, beginning: string, count: number): Promise<string[]> {
  await eventually(() => ledger.lines(beginning).length >= count, `${count} × '${beginning}' in the ledger`, 60_000)
  return ledger.lines(beginning)
}

function socketsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('snakepit-'))
}
