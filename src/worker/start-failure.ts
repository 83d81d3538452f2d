// Why a worker did not become ready, each reason with a sentence of its own and what to do about it.
import { shorten } from '../errors/expectation.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { protocolVersion } from '../wire/wire.js'
import type { Answer, FailureStage } from './handshake.js'
import type { ProcessEnd } from './spawn.js'
import type { WorkerSettings } from './worker-settings.js'

type Ended = Extract<ProcessEnd, { started: true }>

/** What went wrong on the way from spawn to ready. */
export type StartFailure =
  | { readonly reason: 'not_started'; readonly failure: NodeJS.ErrnoException }
  | { readonly reason: 'no_folder'; readonly cause: unknown }
  | { readonly reason: 'reported'; readonly answer: Extract<Answer, { type: 'failed' }> }
  | { readonly reason: 'other_version'; readonly version: string }
  | { readonly reason: 'closed_pipe' }
  | { readonly reason: 'elsewhere'; readonly address: string }
  | { readonly reason: 'garbage'; readonly text: string }
  | { readonly reason: 'exited_early'; readonly end: Ended }
  | { readonly reason: 'silent'; readonly phase: 'answer' | 'greeting' }
  | { readonly reason: 'not_attached'; readonly cause: unknown }

/** The error that the program reads: what happened, what Python said, and the last lines of output. */
export function startFailed(
  settings: WorkerSettings,
  failure: StartFailure,
  lastLines: readonly string[],
): SnakepitError {
  const stage = failure.reason === 'reported' ? { stage: failure.answer.stage } : {}
  const cause = 'cause' in failure ? failure.cause : 'failure' in failure ? failure.failure : undefined
  const said = 'answer' in failure ? '' : output(lastLines)
  return new SnakepitError(
    'worker_start_failed',
    `worker '${settings.id}' did not start: ${sentence(settings, failure)}${said}`,
    { details: { worker: settings.id, reason: failure.reason, ...stage, python: settings.python, lastLines }, cause },
  )
}

function sentence(settings: WorkerSettings, failure: StartFailure): string {
  const { python, adapter, startTimeout } = settings
  switch (failure.reason) {
    case 'not_started':
      return notStarted(settings, failure.failure)
    case 'no_folder':
      return `no private folder could be made for its socket: ${messageOf(failure.cause)}. Does TMPDIR name a folder that is there and may be written to?`
    case 'reported':
      return `${staged(failure.answer.stage, adapter.written, python)}${reported(failure.answer)}`
    case 'other_version':
      return `${python} runs a snakepit_bridge that speaks protocol ${shorten(failure.version)}, this package speaks ${protocolVersion}: is another snakepit_bridge on PYTHONPATH?`
    case 'elsewhere':
      return `it listens at '${shorten(failure.address)}', where it was not told to`
    case 'closed_pipe':
      return 'it closed file descriptor 3 without an answer'
    case 'garbage':
      return `its answer is no handshake: '${shorten(failure.text)}'. Something in it writes to file descriptor 3`
    case 'exited_early':
      return `the process ended before it was ready, ${ending(failure.end)}`
    case 'silent':
      return failure.phase === 'answer'
        ? `it said nothing for ${startTimeout} ms. If importing ${adapter.written} takes longer, raise \`startTimeout\``
        : `it listened, and then did not greet within ${startTimeout} ms`
    case 'not_attached':
      return `it listened, but the connection failed: ${messageOf(failure.cause)}`
  }
}

function notStarted({ python, cwd }: WorkerSettings, failure: NodeJS.ErrnoException): string {
  switch (failure.code) {
    case 'ENOENT':
      return `there is no interpreter at '${python}' (or no working directory '${cwd}')`
    case 'EACCES':
      return `'${python}' may not be executed`
    default:
      return `'${python}' could not be run: ${failure.message}`
  }
}

function staged(stage: string, adapter: string, python: string): string {
  switch (stage as FailureStage | '') {
    case 'bootstrap':
      return 'it could not read what it was told'
    case 'requirements':
      return `${python} lacks what the bridge needs`
    case 'adapter':
      return `the adapter '${adapter}' could not be loaded`
    case 'tools':
      return `the adapter '${adapter}' offers a tool that cannot be served`
    case 'initialize':
      return `initialize() of the adapter '${adapter}' failed`
    case 'listen':
      return 'it could not listen'
    default:
      return stage === '' ? 'it failed' : `it failed at '${shorten(stage)}'`
  }
}

function reported({ error, message, traceback }: Extract<Answer, { type: 'failed' }>): string {
  const first = error === '' ? `: ${message}` : `: ${error}: ${message}`
  return traceback.trim() === '' ? first : `${first}\n${traceback.trimEnd()}`
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function ending({ code, signal }: Ended): string {
  return signal === undefined ? `with exit code ${code}` : `killed by ${signal}`
}

/** The last lines of output as an appendix to a sentence. */
export function output(lastLines: readonly string[]): string {
  return lastLines.length === 0 ? '' : `\nits last lines of output:\n${lastLines.map((line) => `  ${line}`).join('\n')}`
}
