// What a Python process gets to see of the host's environment: an allow-list, and what the user adds (SEC-04).
import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { describe } from '../errors/expectation.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import { bridgePath } from './package-files.js'

/** What a program says about the environment of its workers. */
export interface EnvironmentOptions {
  /** Variables that workers get on top of the allowed ones, and before them. @default {} */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** `true` hands every variable of the host to the workers, secrets included. @default false */
  readonly inheritEnv?: boolean | undefined
  /**
   * Variables of the host that workers get on top of the allowed ones: names, or beginnings of names that end with `*`.
   * Those that the host does not have are left out. @default []
   *
   * @example
   * ```ts
   * { adapter: './tools.py', passEnv: ['OPENAI_*', 'HF_TOKEN', 'DATABASE_URL'] }
   * ```
   */
  readonly passEnv?: readonly string[] | undefined
}

/** `EnvironmentOptions`, complete. */
export interface EnvironmentSettings {
  readonly env: Readonly<Record<string, string>>
  readonly inheritEnv: boolean
  readonly passEnv: readonly string[]
}

/** What one worker gets to see, and what it is told of the rest. */
export interface WorkerEnvironment {
  /** The variables that the process is started with: the user's, and the bridge's place on Python's path. */
  readonly variables: Readonly<Record<string, string>>
  /** `PYTHONPATH` as tools and their children see it. */
  readonly pythonPath: string | undefined
  /** Bounds for the threads of number libraries in the worker itself; its children do not see them. */
  readonly limits: Readonly<Record<string, string>>
  /** Names of variables that the host has and the worker does not get; never their values. */
  readonly heldBack: readonly string[]
}

/** Names that pass: what programs need to find their files, their language, their certificates and their devices. */
const allowed = new Set(
  `PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TZDIR TERM TMPDIR TMP TEMP
   PYTHONPATH PYTHONWARNINGS PYTHONHASHSEED PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONNOUSERSITE PYTHONUSERBASE
   PYTHONDEVMODE PYTHONASYNCIODEBUG PYTHONTRACEMALLOC
   VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV
   SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GRPC_DEFAULT_SSL_ROOTS_FILE_PATH
   LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH NO_PROXY
   HF_HOME HF_HUB_CACHE HF_HUB_OFFLINE HF_DATASETS_CACHE HF_ENDPOINT TRANSFORMERS_CACHE TRANSFORMERS_OFFLINE
   TORCH_HOME KERAS_HOME NLTK_DATA MPLCONFIGDIR MPLBACKEND TOKENIZERS_PARALLELISM VECLIB_MAXIMUM_THREADS
   SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE USERNAME APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES
   HOMEDRIVE HOMEPATH NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE`.split(/\s+/),
)
/** Families of names that pass: languages, folders, devices and number libraries. */
const families =
  /^(LC|XDG|CUDA|CUDNN|NCCL|NVIDIA|ROCR|ROCM|HIP|HSA|PYTORCH|TF|XLA|OMP|KMP|GOMP|MKL|OPENBLAS|BLIS|NUMEXPR|NUMBA)_/
/** Names that never pass on their own, whatever family they belong to: `NVIDIA_API_KEY`. */
const secret = /TOKEN|SECRET|PASSW|CREDENTIAL|AUTH|API_?KEY|ACCESS_?KEY|PRIVATE/
const proxies = /^(HTTP|HTTPS|FTP|ALL)_PROXY$/

/** How many threads the libraries below numpy and torch start by themselves; without a bound, every worker takes all cores. */
const threadCounts = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'] as const

/** Names that an error can be explained with; more than a host has. */
const mostHeldBack = 1000
const longestHeldBack = 128

/** Checks `env`, `inheritEnv` and `passEnv`. Throws `invalid_option`. */
export function resolveEnvironmentOptions(options: EnvironmentOptions = {}): EnvironmentSettings {
  const { env = {}, inheritEnv = false, passEnv = [] } = options
  // A list or a Map would be taken for an object without variables.
  if (typeof env !== 'object' || env === null || Symbol.iterator in env)
    throw unexpected('env', 'an object of texts', env)
  for (const [name, value] of Object.entries(env)) {
    if (!/^[^=\0]+$/.test(name)) throw unexpected('env', 'an object whose names hold neither "=" nor NUL', name)
    if (typeof value !== 'string') throw unexpected(`env.${name}`, 'a text', value)
    if (value.includes('\0'))
      throw unexpected(`env.${name}`, 'a text without NUL', `${value.indexOf('\0')} characters and a NUL`)
  }
  if (typeof inheritEnv !== 'boolean') throw unexpected('inheritEnv', 'true or false', inheritEnv)
  if (!Array.isArray(passEnv)) throw unexpected('passEnv', 'a list of names', passEnv)
  for (const [index, name] of passEnv.entries()) {
    if (name === '*') throw unexpected(`passEnv[${index}]`, 'a name (`inheritEnv: true` passes everything)', name)
    if (typeof name !== 'string' || !/^[^=\0*]+\*?$/.test(name))
      throw unexpected(`passEnv[${index}]`, "a name, or a beginning of names that ends with '*'", name)
  }
  return Object.freeze({ env: Object.freeze({ ...env }), inheritEnv, passEnv: Object.freeze([...passEnv]) })
}

/**
 * The whole environment of one worker.
 *
 * @param settings what the program asked for
 * @param poolSize how many workers share the machine; number libraries get an equal share of its cores
 * @param parent the environment that the allow-list picks from. Default: `process.env`
 */
export function workerEnvironment(
  settings: EnvironmentSettings,
  poolSize: number,
  parent: NodeJS.ProcessEnv = process.env,
): WorkerEnvironment {
  const { inheritEnv, passEnv, env } = settings
  const asked = (name: string) =>
    passEnv.some((wanted) => (wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted))
  const passes = (name: string, value: string) => inheritEnv || isAllowed(name, value) || asked(name)
  const seen = { ...pick(parent, passes), ...env }
  return {
    variables: { ...seen, PYTHONPATH: seen.PYTHONPATH ? bridgePath() + delimiter + seen.PYTHONPATH : bridgePath() },
    pythonPath: seen.PYTHONPATH,
    limits: threadLimits(seen, poolSize),
    heldBack: Object.keys(parent)
      .filter((name) => !(name in seen) && name.length <= longestHeldBack)
      .slice(0, mostHeldBack),
  }
}

/** An equal share for each worker; where the user has a bound for all libraries, that one holds. */
function threadLimits(seen: Readonly<Record<string, string>>, poolSize: number): Record<string, string> {
  if (seen.OMP_NUM_THREADS !== undefined) return {}
  const share = String(Math.max(1, Math.floor(availableParallelism() / Math.max(1, poolSize))))
  return Object.fromEntries(threadCounts.filter((name) => seen[name] === undefined).map((name) => [name, share]))
}

/** What an interpreter sees while it is asked who it is: as a worker would, and what version managers steer by. */
export function probeEnvironment(parent: NodeJS.ProcessEnv): Record<string, string> {
  return pick(parent, (name, value) => isAllowed(name, value) || /^(PYENV|ASDF|MISE|CONDA|UV)_/.test(name))
}

/** What pip and uv see: their own configuration, proxies and compilers too, but nothing that installs elsewhere. */
export function installEnvironment(parent: NodeJS.ProcessEnv): Record<string, string> {
  const elsewhere =
    /^(PIP_(TARGET|PREFIX|ROOT|USER|PYTHON|REQUIRE_VIRTUALENV|DRY_RUN)|UV_(SYSTEM_PYTHON|PYTHON|TARGET|PREFIX))$/
  const needed =
    /^(PIP|UV|PYENV|ASDF|MISE|CONDA)_|_PROXY$|^(CC|CXX|CFLAGS|CXXFLAGS|LDFLAGS|NETRC|CARGO_HOME|RUSTUP_HOME)$/
  // What the user's programs find on their path is none of the installer's business.
  const ofPrograms = /^(PYTHON|VIRTUAL_ENV$|CONDA_)/
  return pick(parent, (name, value) =>
    needed.test(name) ? !elsewhere.test(name) : isAllowed(name, value) && !ofPrograms.test(name),
  )
}

function isAllowed(name: string, value: string): boolean {
  if (proxies.test(name)) return !value.includes('@')
  return (allowed.has(name) || families.test(name)) && !secret.test(name)
}

/** Variables whose upper-case name passes: Windows does not tell cases apart, and proxies are written both ways. */
function pick(parent: NodeJS.ProcessEnv, passes: (name: string, value: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const [name, value] of Object.entries(parent)) {
    const key = process.platform === 'win32' || /_proxy$/.test(name) ? name.toUpperCase() : name
    if (value !== undefined && passes(key, value)) picked[name] = value
  }
  return picked
}

// Unlike for other options, the value stays out of the details: what is meant for an environment may be a secret.
function unexpected(name: string, expectation: string, value: unknown): SnakepitError {
  return new SnakepitError('invalid_option', `expected \`${name}\` to be ${expectation}, got ${describe(value)}`, {
    details: { option: name },
  })
}
