// Every row of the crash classes, and of what taints a worker that lives.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import type { LossReason } from '../../src/pool/departure.js'
import type { LeaseOutcome } from '../../src/pool/request.js'
import { metCrash, taintOf } from '../../src/pool/taint.js'
import { crashClassOf, type Remains } from '../../src/worker/crash-class.js'
import { deviceOutOfMemory, pythonError } from '../pool/scripted-pool.js'

const remains: Remains = { code: undefined, signal: undefined, lastLines: [], rung: undefined }
const deaths: readonly (readonly [string, Partial<Remains>, string])[] = [
  ['SIGSEGV', { signal: 'SIGSEGV', lastLines: ['Fatal Python error: Segmentation fault'] }, 'segfault'],
  ['exit code 139', { code: 139 }, 'segfault'],
  ['SIGBUS', { signal: 'SIGBUS' }, 'bus_error'],
  ['SIGILL', { signal: 'SIGILL' }, 'illegal_instruction'],
  ['exit code 132', { code: 132 }, 'illegal_instruction'],
  ['SIGABRT', { signal: 'SIGABRT', lastLines: ['free(): invalid pointer'] }, 'abort'],
  ['exit code 134', { code: 134 }, 'abort'],
  ['SIGABRT after a failed allocation', { signal: 'SIGABRT', lastLines: ['what():  std::bad_alloc'] }, 'out_of_memory'],
  [
    'SIGABRT after a device fault',
    { signal: 'SIGABRT', lastLines: ['RuntimeError: CUDA error: device-side assert triggered', ''] },
    'gpu',
  ],
  ['SIGKILL of the kernel', { signal: 'SIGKILL' }, 'out_of_memory'],
  ['exit code 137', { code: 137 }, 'out_of_memory'],
  ['our own SIGKILL', { signal: 'SIGKILL', rung: 'killed' }, 'other'],
  ['a MemoryError that nobody caught', { code: 1, lastLines: ['Traceback …', 'MemoryError'] }, 'out_of_memory'],
  [
    'a NumPy that cannot allocate',
    { code: 1, lastLines: ['Unable to allocate 7.45 GiB for an array'] },
    'out_of_memory',
  ],
  ['an NCCL error', { code: 1, lastLines: ['NCCL error: unhandled system error'] }, 'gpu'],
  ['a HIP error', { code: 1, lastLines: ['HIP error: out of memory'] }, 'gpu'],
  ['an exit', { code: 3 }, 'other'],
  ['SIGTERM of a stranger', { signal: 'SIGTERM' }, 'other'],
]
for (const [name, given, expected] of deaths) {
  test(`FAULT-03: ${name} is ${expected}`, () => {
    assert.is(crashClassOf({ ...remains, ...given }), expected)
  })
}

const failed = (error: unknown): LeaseOutcome => ({ type: 'error', error })
const assertion = pythonError('RuntimeError', 'CUDA error: device-side assert triggered', 'device')
const taints: readonly (readonly [string, LeaseOutcome, string | undefined])[] = [
  ['a device without memory', failed(deviceOutOfMemory()), 'out_of_memory'],
  ['a device-side assert', failed(assertion), 'gpu'],
  [
    'an illegal memory access',
    failed(pythonError('RuntimeError', 'CUDA error: an illegal memory access was …')),
    'gpu',
  ],
  ['a MemoryError of Python', failed(pythonError('MemoryError', '', 'out_of_memory')), undefined],
  ['a tensor on the wrong device', failed(pythonError('RuntimeError', 'not on the same device', 'device')), undefined],
  ['a ValueError', failed(pythonError('ValueError', 'cuda is not a number')), undefined],
  ['a timeout', failed(new SnakepitError('timeout', 'late')), undefined],
  ['a lost worker', { type: 'lost' }, undefined],
  ['a good end', { type: 'ok' }, undefined],
]
for (const [name, outcome, expected] of taints) {
  test(`FAULT-03: ${name} taints: ${expected ?? 'no'}`, () => {
    assert.is(taintOf(outcome), expected)
  })
}

test('FAULT-03: what caused an exception taints as the exception would', () => {
  const cause = { type: 'RuntimeError', bases: [], message: 'CUDA error: device-side assert triggered' }
  const error = pythonError('ValueError', 'bad batch')
  const exception = { ...error.exception, cause: { ...error.exception, ...cause } }
  const wrapped = new (error.constructor as typeof import('../../src/errors/python-error.js').PythonError)(
    '',
    exception,
  )
  assert.is(taintOf(failed(wrapped)), 'gpu')
})

const stopping = new SnakepitError('worker_stopping', 'stopped')
const crashed = new SnakepitError('worker_crashed', 'crashed', { mayHaveRun: true })
const unsent = new SnakepitError('worker_crashed', 'crashed')
const losses: readonly (readonly [LeaseOutcome, LossReason | undefined, boolean])[] = [
  [{ type: 'lost' }, undefined, true],
  [{ type: 'lost' }, 'crashed', true],
  [{ type: 'lost' }, 'recycled', false],
  [{ type: 'lost' }, 'closed', false],
  [{ type: 'lost', error: stopping }, undefined, false],
  [{ type: 'lost', error: crashed }, 'recycled', true],
  // It was not there: it never left the host.
  [{ type: 'lost', error: unsent }, 'crashed', false],
  [{ type: 'ok' }, 'crashed', false],
]
for (const [outcome, departure, expected] of losses) {
  const said = outcome.type === 'lost' ? (outcome.error?.code ?? 'lost') : outcome.type
  const where = outcome.type === 'lost' && outcome.error === unsent ? 'that was never sent, ' : ''
  test(`FAULT-03: ${said} ${where}at a worker that was ${departure ?? 'there'}: ${expected ? 'a crash' : 'no crash'}`, () => {
    assert.is(metCrash(outcome, departure), expected)
  })
}

test.run()
