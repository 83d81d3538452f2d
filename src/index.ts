// Everything that programs may hold.
export type { CallOptions, StreamOptions } from './api/call-options.js'
export { ChunkStream } from './api/chunk-stream.js'
export type { HeartbeatOptions } from './api/heartbeat-option.js'
export type { LogsOptions } from './api/logs-option.js'
export type { PaceOptions } from './api/map-paced.js'
export type { RetryOptions } from './api/retry-option.js'
export {
  Session,
  type SessionCallOptions,
  type SessionCalls,
  type SessionLoss,
  type SessionOptions,
  type SessionStreamOptions,
} from './api/session.js'
export type { ToolArguments } from './api/session-pool.js'
export { type CloseOptions, Snakepit } from './api/snakepit.js'
export type { CallHappening, SnakepitEvent, WorkerHappening } from './api/snakepit-event.js'
export type { CallDefaults, NamedPoolOptions, SnakepitOptions } from './api/snakepit-options.js'
export type { ChunkOf, Returned, Untyped, UntypedData } from './api/untyped.js'
export { ValueStream } from './api/value-stream.js'
export type { WindowOption } from './api/window-option.js'
export type { WorkerOptions } from './api/worker-options.js'
export type { Worker } from './api/worker-view.js'
export { type DType, NdArray, type TypedArray } from './codec/nd-array.js'
export type { ErrorCategory, ErrorCode } from './errors/codes.js'
export { PythonError, type PythonException, type PythonFailure, type PythonFrame } from './errors/python-error.js'
export { SnakepitError, type SnakepitErrorInit } from './errors/snakepit-error.js'
export type { CheckIsFinalOrUseValues, Chunk, DataChunk, FinalChunk } from './peer/chunk.js'
export type { ToolInfo, ToolParameter } from './peer/tool-info.js'
export type {
  Affinity,
  CallCounts,
  CallLatencies,
  LatencySummary,
  LeaveRung,
  LossReason,
  PoolOptions,
  PoolState,
  PoolStats,
  RestartOptions,
} from './pool/index.js'
export type { EnvironmentOptions } from './python/index.js'
export { type BufferOptions, type OverflowPolicy, toAsyncIterable } from './streams/to-async-iterable.js'
export type { CrashClass } from './worker/crash-class.js'
export type { Liveliness } from './worker/life-sign.js'
export type { StopRung, WorkerInfo, WorkerLog } from './worker/worker-event.js'
