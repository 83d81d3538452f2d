// What programs may import: a change here is a change for everybody who uses the library.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { errorCategories } from '../../src/errors/codes.js'
import * as snakepit from '../../src/index.js'

test('API-01: the values that the package exports', () => {
  assert.equal(Object.keys(snakepit).sort(), [
    'ChunkStream',
    'NdArray',
    'PythonError',
    'Session',
    'Snakepit',
    'SnakepitError',
    'ValueStream',
    'toAsyncIterable',
  ])
})

test('ERR-01: the codes of errors and their categories', () => {
  assert.equal(errorCategories, {
    invalid_option: 'validation',
    invalid_argument: 'validation',
    invalid_parameter: 'validation',
    tool_not_found: 'validation',
    pool_not_found: 'validation',
    streaming_not_supported: 'validation',
    streaming_required: 'validation',
    value_too_large: 'validation',
    overflow: 'validation',
    pool_saturated: 'pool',
    pool_closed: 'pool',
    pool_failed: 'pool',
    worker_busy: 'pool',
    session_worker_unavailable: 'pool',
    session_quota_exceeded: 'pool',
    session_ended: 'pool',
    circuit_open: 'pool',
    tool_quarantined: 'pool',
    worker_start_failed: 'worker',
    worker_crashed: 'worker',
    worker_stopping: 'worker',
    worker_unresponsive: 'worker',
    python_not_found: 'worker',
    environment_failed: 'worker',
    timeout: 'timeout',
    idle_timeout: 'timeout',
    queue_timeout: 'timeout',
    python_error: 'python',
    unserializable_value: 'python',
    transport_failed: 'transport',
    protocol_error: 'transport',
    unauthenticated: 'transport',
    grpc_unavailable: 'transport',
    undecodable_value: 'transport',
    host_tool_failed: 'bridge',
  })
})

test.run()
