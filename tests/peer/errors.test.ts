// Errors on their way between the languages: as what was raised, with everything a program can ask of it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, errorCategories } from '../../src/errors/codes.js'
import { PythonError } from '../../src/errors/python-error.js'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { errorFromWire, errorToWire } from '../../src/peer/wire-error.js'
import { AttachResponse } from '../../src/wire/gen/snakepit/v1/worker.js'
import type { Exception } from '../../src/wire/wire.js'
import { pair, Recorder, request, type Tools } from '../support/peers.js'
import { quiet } from '../support/within.js'

const codes = Object.keys(errorCategories) as ErrorCode[]

function exception(change: Partial<Exception> = {}): Exception {
  return {
    type: 'KeyError',
    bases: ['KeyError', 'LookupError', 'Exception', 'BaseException'],
    message: "'loss'",
    notes: ['in epoch 3', 'of run 7'],
    frames: [
      { file: 'tools.py', line: 3, function: 'train', source: 'step(row)' },
      { file: 'step.py', line: 9, function: 'step', source: "row['loss']" },
    ],
    traceback: 'Traceback (most recent call last): …',
    cause: undefined,
    category: '',
    truncated: false,
    members: [],
    ...change,
  }
}

test('ERR-01: every code crosses the wire with its category, message and details', () => {
  for (const code of codes) {
    const sent = new SnakepitError(code, `about ${code}`, { details: { tool: 'add', limit: 3 } })
    const error = errorFromWire(errorToWire(sent))
    assert.is(error.code, code)
    assert.is(error.category, errorCategories[code])
    assert.is(error.message, `about ${code}`)
    assert.equal(error.details, { tool: 'add', limit: '3' })
    assert.not(error instanceof PythonError)
  }
})

test('ERR-01: a code that nobody knows becomes protocol_error and names it', () => {
  for (const code of ['made_up', '', '__proto__', 'toString']) {
    const error = errorFromWire({ code, message: 'odd', exception: undefined, details: {}, began: false })
    assert.is(error.code, 'protocol_error')
    assert.ok(error.message.includes(`'${code}'`) && error.message.includes('odd'))
  }
})

test('ERR-01: only codes that tell for certain that the tool never began say so', () => {
  const certain = codes.filter(
    (code) => !errorFromWire({ code, message: '', exception: undefined, details: {}, began: false }).mayHaveRun,
  )
  assert.equal(certain.sort(), [
    'invalid_parameter',
    'streaming_not_supported',
    'streaming_required',
    'tool_not_found',
    'worker_stopping',
  ])
})

test('ERR-01: a tool that raises such a code itself has begun', () => {
  for (const began of [true, false]) {
    const error = errorFromWire({ code: 'invalid_parameter', message: '', exception: exception(), details: {}, began })
    assert.is(error.mayHaveRun, began)
  }
})

test('ERR-02: a Python exception keeps type, message, notes, frames and traceback', () => {
  const error = errorFromWire({
    code: 'python_error',
    message: "KeyError: 'loss'",
    exception: exception(),
    details: {},
    began: true,
  })
  assert.instance(error, PythonError)
  const raised = error as PythonError
  assert.is(raised.name, 'PythonError')
  assert.is(raised.code, 'python_error')
  assert.is(raised.category, 'python')
  assert.is(raised.message, "KeyError: 'loss'")
  assert.is(raised.type, 'KeyError')
  assert.equal(raised.notes, ['in epoch 3', 'of run 7'])
  assert.equal(raised.frames, exception().frames)
  assert.is(raised.frames.at(-1)?.line, 9)
  assert.is(raised.traceback, exception().traceback)
  assert.is(raised.exception.truncated, false)
  assert.ok(raised.mayHaveRun)
  assert.is(raised.cause, undefined)
})

test("ERR-02: is() tells Python's classes apart, bases included", () => {
  const error = errorFromWire({
    code: 'python_error',
    message: '',
    exception: exception(),
    details: {},
    began: false,
  }) as PythonError
  for (const name of ['KeyError', 'LookupError', 'Exception']) assert.ok(error.is(name), name)
  for (const name of ['ValueError', 'keyerror', '', 'IndexError']) assert.not(error.is(name), name)
})

test("ERR-02: Python's chain of causes is JavaScript's chain of causes", () => {
  const root = exception({ type: 'OSError', message: 'disk', bases: ['OSError'] })
  const middle = exception({ type: 'ValueError', message: 'bad row', bases: ['ValueError'], cause: root })
  const wire = {
    code: 'python_error',
    message: 'top',
    exception: exception({ cause: middle }),
    details: {},
    began: true,
  }
  const { cause } = errorFromWire(wire)
  assert.instance(cause, PythonError)
  assert.is((cause as PythonError).type, 'ValueError')
  assert.is((cause as PythonError).message, 'ValueError: bad row')
  const { cause: last } = cause as PythonError
  assert.ok(last instanceof PythonError && last.is('OSError'))
  assert.is((last as PythonError).cause, undefined)
})

test('ERR-02: an exception group shows what it holds, and what those hold', () => {
  const inner = exception({ type: 'ExceptionGroup', message: 'inner', members: [exception()] })
  const group = exception({
    type: 'ExceptionGroup',
    message: 'outer',
    members: [inner, exception({ type: 'OSError' })],
  })
  const wire = { code: 'python_error', message: 'outer', exception: group, details: {}, began: true }
  const { members = [] } = (errorFromWire(wire) as PythonError).exception
  assert.equal(
    members.map(({ type }) => type),
    ['ExceptionGroup', 'OSError'],
  )
  assert.is(members[0]?.members?.[0]?.message, "'loss'")
  assert.is(members[1]?.members, undefined)
})

test('ERR-02: shape, dtype, device and memory failures are recognised, others are not', () => {
  const failureOf = (category: string) =>
    (
      errorFromWire({
        code: 'python_error',
        message: '',
        exception: exception({ category }),
        details: {},
        began: true,
      }) as PythonError
    ).failure
  for (const category of ['shape', 'dtype', 'device', 'out_of_memory']) assert.is(failureOf(category), category)
  for (const category of ['', 'other', 'constructor']) assert.is(failureOf(category), undefined)
})

test('ERR-02: an exception keeps the code it was reported under', () => {
  const error = errorFromWire({
    code: 'invalid_parameter',
    message: 'x',
    exception: exception(),
    details: { path: '$.a' },
    began: false,
  })
  assert.instance(error, PythonError)
  assert.is(error.code, 'invalid_parameter')
  assert.equal(error.details, { path: '$.a' })
})

test('ERR-01, SEC-03: an error of any size travels in one frame of bounded size', () => {
  const details = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, 'y'.repeat(1_000_000)]))
  const error = errorToWire(new SnakepitError('host_tool_failed', 'x'.repeat(20_000_000), { details }))
  const end = { call: 1, outcome: { $case: 'error', value: error }, timings: undefined } as const
  const bytes = AttachResponse.encode({ frames: [{ kind: { $case: 'end', value: end } }] }).finish()
  assert.ok(bytes.length < 512 * 1024, `${bytes.length} bytes`)
})

test('ERR-04: details that have no text of their own harm nobody', () => {
  const details = { bare: Object.create(null), mark: Symbol('m'), nothing: undefined, list: [1, 2] }
  const wire = errorToWire(new SnakepitError('invalid_option', 'x', { details }))
  assert.equal(wire.details, { bare: 'an object', mark: 'Symbol(m)', nothing: 'undefined', list: '1,2' })
})

test('ERR-01, ERR-04: whatever a served function throws reaches the caller as host_tool_failed', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const thrown: readonly unknown[] = [
    new TypeError('wrong'),
    'a text',
    undefined,
    null,
    42,
    Symbol('mark'),
    Object.create(null),
    proxy,
    Object.defineProperty(new Error(), 'message', { get: () => Symbol('no text') }),
    new Proxy(new Error('trapped'), {
      get: () => {
        throw new Error('no')
      },
    }),
  ]
  const tools: Tools = {
    now: ({ which }) => {
      throw thrown[which as number]
    },
    later: async ({ which }) => {
      await quiet(1)
      throw thrown[which as number]
    },
    async *between({ which }) {
      yield 1
      throw thrown[which as number]
    },
  }
  await using talk = await pair(tools)
  for (const which of thrown.keys()) {
    for (const tool of Object.keys(tools)) {
      const window = tool === 'between' ? { items: 1, bytes: 1 } : undefined
      const recorder = new Recorder().begin(talk.host, request(tool, { which }, window))
      const end = await recorder.drain()
      assert.is(end.type === 'error' && end.error.code, 'host_tool_failed')
      assert.equal(recorder.data, window ? [1] : [])
      if (end.type === 'error') assert.match(end.error.message, new RegExp(`tool '${tool}' failed`))
    }
  }
})

test('STREAM-02, BRIDGE-01: a tool is refused by name, by kind and with the name that was meant', async () => {
  await using talk = await pair({ add: () => 1, *count() {} })
  const codeOf = async (tool: string, streams: boolean) => {
    const end = await new Recorder()
      .begin(talk.host, request(tool, {}, streams ? { items: 1, bytes: 1 } : undefined))
      .end()
    if (end.type !== 'error') throw new Error(end.type)
    assert.not(end.error.mayHaveRun)
    return `${end.error.code}: ${end.error.message}`
  }
  assert.match(await codeOf('ad', false), /^tool_not_found: .*did you mean 'add'/)
  assert.match(await codeOf('\n'.repeat(100_000), false), /^tool_not_found: there is no tool '(\\n)+…'/)
  for (const name of ['toString', '__proto__', 'constructor', ''])
    assert.match(await codeOf(name, false), /^tool_not_found/)
  assert.match(await codeOf('add', true), /^streaming_not_supported/)
  assert.match(await codeOf('count', false), /^streaming_required/)
})

test('PAYLOAD-01, CANCEL-02: a result that cannot be encoded fails the call, and the generator is left', async () => {
  let left = 0
  await using talk = await pair({
    whole: () => ({ inner: () => 1 }),
    *chunks() {
      try {
        yield 1
        yield { inner: Symbol('x') }
        yield 2
      } finally {
        left++
      }
    },
  })
  const whole = await new Recorder().begin(talk.host, request('whole')).end()
  assert.match(whole.type === 'error' ? whole.error.message : '', /\$\.inner/)
  const recorder = new Recorder().begin(talk.host, request('chunks', {}, { items: 9, bytes: 999 }))
  const end = await recorder.drain()
  assert.match(end.type === 'error' ? end.error.message : '', /\$\.inner/)
  assert.equal(recorder.data, [1])
  assert.is(left, 1)
})

test('CANCEL-02, CANCEL-04: a cancelled stream is left: at a yield with its finally run, inside its code all the same', async () => {
  let left = 0
  await using talk = await pair({
    async *endless() {
      try {
        for (;;) yield 1
      } finally {
        await quiet(2)
        left++
      }
    },
    async *deaf() {
      await new Promise(() => {})
    },
    never: () => new Promise(() => {}),
  })
  const window = { items: 2, bytes: 100 }
  const endless = new Recorder().begin(talk.host, request('endless', {}, window))
  const deaf = new Recorder().begin(talk.host, request('deaf', {}, window))
  const never = new Recorder().begin(talk.host, request('never'))
  await quiet()
  for (const { call } of [endless, deaf, never]) call.cancel('aborted')
  for (const recorder of [endless, deaf, never]) assert.is((await recorder.end()).type, 'cancelled')
  assert.is(left, 1, 'the end came after the finally')
  assert.is(talk.host.running, 0)
})

test.run()
