// The closed table of everything that can go wrong, and the category each code belongs to.

/** Where an error comes from; the first thing to branch on. */
export type ErrorCategory = 'validation' | 'pool' | 'worker' | 'timeout' | 'python' | 'transport' | 'bridge'

/** Every code of the library with its category. Codes are stable: programs may compare them. */
export const errorCategories = {
  // What the program asked for makes no sense; it was never run.
  invalid_option: 'validation',
  invalid_argument: 'validation',
  invalid_parameter: 'validation',
  tool_not_found: 'validation',
  pool_not_found: 'validation',
  streaming_not_supported: 'validation',
  streaming_required: 'validation',
  value_too_large: 'validation',
  // Nobody could take it.
  pool_saturated: 'pool',
  pool_closed: 'pool',
  pool_failed: 'pool',
  worker_busy: 'pool',
  session_worker_unavailable: 'pool',
  session_quota_exceeded: 'pool',
  session_ended: 'pool',
  circuit_open: 'pool',
  tool_quarantined: 'pool',
  // The Python process.
  worker_start_failed: 'worker',
  worker_crashed: 'worker',
  worker_stopping: 'worker',
  worker_unresponsive: 'worker',
  python_not_found: 'worker',
  environment_failed: 'worker',
  // Time ran out.
  timeout: 'timeout',
  idle_timeout: 'timeout',
  queue_timeout: 'timeout',
  // The tool itself.
  python_error: 'python',
  unserializable_value: 'python',
  // The wire between them.
  transport_failed: 'transport',
  protocol_error: 'transport',
  unauthenticated: 'transport',
  grpc_unavailable: 'transport',
  undecodable_value: 'transport',
  // A TypeScript function that Python called.
  host_tool_failed: 'bridge',
  // An Observable or iterable view that was asked not to buffer without bound.
  overflow: 'validation',
} as const satisfies Record<string, ErrorCategory>

/** A stable, machine-readable name of what went wrong. */
export type ErrorCode = keyof typeof errorCategories

/** True for a text that is one of the library's codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCategories, text)
}
