// What is known of a worker once it has greeted.
import type { ToolInfo } from '../peer/tool-info.js'
import { type Hello, type Tool, ToolKind } from '../wire/wire.js'
import type { Credentials } from './credentials.js'
import type { WorkerInfo } from './worker-event.js'
import type { WorkerSettings } from './worker-settings.js'

/** What a worker reported in its handshake. */
export interface WorkerFacts {
  readonly address: string
  readonly pid: number
}

/** Puts together what settings, handshake and greeting tell. */
export function workerInfo(
  settings: WorkerSettings,
  { incarnation }: Credentials,
  { runtime, tools }: Hello,
  { address, pid }: WorkerFacts,
  startedInMs: number,
): WorkerInfo {
  return Object.freeze({
    id: settings.id,
    incarnation,
    pid: runtime?.pid ?? pid,
    python: {
      executable: runtime?.executable ?? settings.python,
      version: runtime?.version ?? settings.pythonVersion,
      implementation: runtime?.implementation ?? 'CPython',
    },
    packages: { ...runtime?.packages },
    transport: { kind: settings.transport.kind, address, reason: settings.transport.reason },
    startedInMs: Math.round(startedInMs),
    tools: tools.map(toolInfo),
  })
}

const kinds: Readonly<Record<ToolKind, ToolInfo['kind']>> = {
  [ToolKind.UNSPECIFIED]: 'function',
  [ToolKind.FUNCTION]: 'function',
  [ToolKind.COROUTINE]: 'coroutine',
  [ToolKind.GENERATOR]: 'generator',
  [ToolKind.ASYNC_GENERATOR]: 'async_generator',
}

function toolInfo(tool: Tool): ToolInfo {
  const kind = kinds[tool.kind] ?? 'function'
  return Object.freeze({
    name: tool.name,
    description: tool.description,
    kind,
    streaming: kind === 'generator' || kind === 'async_generator',
    parameters: tool.parameters.map(({ name, type, required, defaultValue, description }) => ({
      name,
      type,
      required,
      default: defaultValue,
      description,
    })),
    inputSchema: schema(tool.inputSchema),
    outputSchema: schema(tool.outputSchema),
    chunkSchema: schema(tool.chunkSchema),
    metadata: { ...tool.metadata },
  })
}

function schema(text: string): object | undefined {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}
