// Filling a managed environment: by uv where it is there, else by venv and pip.
import { statfsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findCommand } from './command-path.js'
import { installEnvironment } from './environment-variables.js'
import { stepFailed } from './failures.js'
import type { ManagedEnvironment } from './managed-environment.js'
import { bridgeRequirements, lockedRequirements } from './package-facts.js'
import type { PythonSettings } from './python-options.js'
import { type RunEnd, run } from './run.js'

/** Something that can make a virtual environment and install into it. */
export interface Installer {
  readonly name: 'uv' | 'pip'
  /** The command that makes the environment from a base interpreter. */
  create(base: string, environment: ManagedEnvironment): readonly string[]
  /** The command that installs a requirements file into it. */
  install(environment: ManagedEnvironment, file: string): readonly string[]
}

/** Who is told, and who may end it. */
export interface InstallContext {
  readonly settings: PythonSettings
  readonly signal: AbortSignal
  readonly onProgress: (line: string) => void
}

/** The best installer at hand. */
export function chooseInstaller({ environment, cwd }: PythonSettings): Installer {
  const uv = findCommand('uv', environment, cwd)
  return uv ? uvInstaller(uv) : pipInstaller
}

/** Makes the environment and installs everything. Rejects with `environment_failed` or the signal's reason. */
export async function install(
  installer: Installer,
  base: string,
  environment: ManagedEnvironment,
  context: InstallContext,
) {
  const made = await step(installer.create(base, environment), environment, context)
  if (!made.ok) throw made.failure
  const pinned = await installSet(installer, environment, lockedRequirements, context)
  if (pinned.ok) return
  // The user's packages may not get along with our exact versions; the ranges are known to work too.
  if (!conflict.test(pinned.output)) throw pinned.failure
  context.onProgress('the requirements do not go with the locked versions; trying the supported ranges')
  const ranged = await installSet(installer, environment, bridgeRequirements, context)
  if (!ranged.ok) throw ranged.failure
}

function installSet(
  installer: Installer,
  environment: ManagedEnvironment,
  base: readonly string[],
  context: InstallContext,
) {
  const file = join(environment.path, 'snakepit-requirements.txt')
  const lines = [...context.settings.installerLines, ...base, ...context.settings.requirements]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return step(installer.install(environment, file), environment, context)
}

function uvInstaller(uv: string): Installer {
  return {
    name: 'uv',
    create: (base, { path }) => [uv, 'venv', '--no-project', '--python', base, path],
    install: ({ executable }, file) => [uv, 'pip', 'install', '--python', executable, '--requirement', file],
  }
}

const pipInstaller: Installer = {
  name: 'pip',
  create: (base, { path }) => [base, '-m', 'venv', path],
  install: ({ executable }, file) => {
    const flags = ['--no-input', '--disable-pip-version-check', '--progress-bar', 'off']
    return [executable, '-m', 'pip', 'install', ...flags, '--requirement', file]
  },
}

type StepResult = { ok: true } | { ok: false; output: string; failure: Error }

async function step(
  [command = '', ...args]: readonly string[],
  { path }: ManagedEnvironment,
  context: InstallContext,
): Promise<StepResult> {
  const { settings, signal, onProgress } = context
  const env = installEnvironment(settings.environment)
  const end = await run(command, args, {
    timeout: settings.installTimeout,
    env,
    cwd: settings.cwd,
    signal,
    onLine: onProgress,
  })
  if (end.kind === 'exited' && end.status === 0) return { ok: true }
  const output = end.kind === 'unstartable' ? '' : `${end.stdout}\n${end.stderr}`
  const hint = diskHint(dirname(path)) ?? hintFor(output)
  const failure = stepFailed([command, ...args].join(' '), fate(end, settings.installTimeout), output, hint)
  return { ok: false, output, failure }
}

function fate(end: RunEnd, timeout: number): string {
  switch (end.kind) {
    case 'exited':
      return `left with status ${end.status}`
    case 'killed':
      return `was ended by ${end.signal}`
    case 'timeout':
      return `took longer than ${timeout / 1000} s`
    case 'unstartable':
      return `cannot be run (${end.code})`
  }
}

const conflict = /ResolutionImpossible|conflicting dependencies|No solution found|requirements are unsatisfiable/i

const moveTheCache = 'SNAKEPIT_CACHE names another folder for it'
/** An environment with nothing but the bridge's packages takes about 60 MiB. */
const littleSpace = 16 * 2 ** 20

/** venv does not say why it could not unpack pip: whether there is room is looked at, not read. */
function diskHint(folder: string): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize >= littleSpace) return undefined
    const free = ((bavail * bsize) / 2 ** 20).toFixed(1)
    return `The disk is full: ${free} MiB are free at ${folder}; ${moveTheCache}`
  } catch {
    return undefined
  }
}

const hints: readonly (readonly [RegExp, string])[] = [
  [
    /ensurepip|No module named '?venv/i,
    'This Python was installed without venv. On Debian and Ubuntu: apt install python3-venv. Or install uv',
  ],
  [
    /name resolution|dns error|Network is unreachable|Connection (refused|reset|timed out)|Failed to fetch|NewConnectionError|ProxyError/i,
    'The package index cannot be reached. Offline, build it on a connected machine first, or point PIP_INDEX_URL, ' +
      'PIP_FIND_LINKS (pip) or UV_INDEX_URL, UV_FIND_LINKS (uv) at what you have; behind a proxy, set HTTPS_PROXY',
  ],
  [/CERTIFICATE_VERIFY_FAILED|UnknownIssuer/i, 'The index has a certificate of its own: set PIP_CERT or SSL_CERT_FILE'],
  [
    /No matching distribution|no versions of|not found in the package registry|No solution found/i,
    'Is the name right, does the index have it, and for this version of Python?',
  ],
  [/No space left|Disk quota/i, `The disk is full; ${moveTheCache}`],
  [/Permission denied|Read-only file system/i, `The cache cannot be written to; ${moveTheCache}`],
]

function hintFor(output: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(output))?.[1]
}
