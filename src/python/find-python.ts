// The search: candidates are asked in order until one has everything.
import {
  type Candidate,
  type NamedPython,
  namedPython,
  type PythonSource,
  pathCandidates,
  projectCandidates,
  uvCandidates,
} from './candidates.js'
import { lacks, namedPythonLacksPackages, namedPythonUnusable, type Rejection } from './failures.js'
import { builtEnvironments, tagOf } from './managed-environment.js'
import { bridgeRequirements } from './package-facts.js'
import { type Interpreter, probe, unmet } from './probe.js'
import type { PythonSettings } from './python-options.js'

/** An interpreter with everything that is needed. */
export interface FoundPython {
  readonly source: PythonSource
  readonly interpreter: Interpreter
  /** The folder of the managed environment, where it is one. */
  readonly environment?: string
}

/** What a search came to. */
export interface PythonSearch {
  readonly found?: FoundPython
  /** Good interpreters that lack packages, in the order they were found: an environment can be built from them. */
  readonly bare: readonly Interpreter[]
  readonly rejected: readonly Rejection[]
}

const sourceNames: Readonly<Record<PythonSource, string>> = {
  option: 'option `python`',
  env: 'SNAKEPIT_PYTHON',
  venv: 'VIRTUAL_ENV',
  conda: 'CONDA_PREFIX',
  'dot-venv': '.venv',
  managed: 'managed environment',
  uv: 'uv python find',
  path: 'PATH',
}

/**
 * Looks for an interpreter that can run the bridge and has every requirement. Installs nothing.
 * Rejects when the program named an interpreter that will not do, or with the signal's reason.
 */
export async function findPython(settings: PythonSettings, signal?: AbortSignal): Promise<PythonSearch> {
  const named = namedPython(settings)
  if (named) return { found: await askNamed(named, settings, signal), bare: [], rejected: [] }

  const bare: Interpreter[] = []
  const rejected: Rejection[] = []
  const asked = new Set<string>()

  async function ask({ source, path }: Candidate): Promise<Interpreter | undefined> {
    if (asked.has(path)) return undefined
    asked.add(path)
    const result = await probe(path, needed(settings), settings, signal)
    const candidate = `${path} (${sourceNames[source]})`
    if (result.kind === 'rejected') {
      rejected.push({ candidate, reason: result.reason })
      return undefined
    }
    // What a managed environment cannot tell by name, such as an address, its stamp vouches for.
    const missing = unmet(result.interpreter).filter(({ fits }) => source !== 'managed' || fits === false)
    if (missing.length === 0) return result.interpreter
    rejected.push({ candidate, reason: lacks(missing) })
    if (source !== 'managed') bare.push(result.interpreter)
    return undefined
  }

  for (const candidate of projectCandidates(settings)) {
    const interpreter = await ask(candidate)
    if (interpreter) return { found: { source: candidate.source, interpreter }, bare, rejected }
  }
  for (const { path, executable, tag } of builtEnvironments(settings)) {
    // The user's own environment decides the version of Python, even where it lacks packages.
    if (bare[0] && tagOf(bare[0]) !== tag) continue
    const interpreter = await ask({ source: 'managed', path: executable })
    if (interpreter) return { found: { source: 'managed', interpreter, environment: path }, bare, rejected }
  }
  for (const candidate of [...(await uvCandidates(settings, signal)), ...pathCandidates(settings)]) {
    const interpreter = await ask(candidate)
    if (interpreter) return { found: { source: candidate.source, interpreter }, bare, rejected }
  }
  return { bare, rejected }
}

async function askNamed(named: NamedPython, settings: PythonSettings, signal?: AbortSignal): Promise<FoundPython> {
  const { source, origin, value, path } = named
  if (path === undefined) throw namedPythonUnusable(origin, value, 'no such command on PATH')
  const result = await probe(path, needed(settings), settings, signal)
  if (result.kind === 'rejected') throw namedPythonUnusable(origin, value, result.reason)
  const missing = unmet(result.interpreter)
  if (missing.length > 0) throw namedPythonLacksPackages(origin, value, result.interpreter, missing)
  return { source, interpreter: result.interpreter }
}

function needed(settings: PythonSettings): string[] {
  return [...bridgeRequirements, ...settings.requirements]
}
