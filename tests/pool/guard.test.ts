// The crash barrier and the circuit breakers in a pool: what callers hear, and what is counted.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SnakepitError } from '../../src/errors/snakepit-error.js'
import { type ProbeOptions, scriptedPool } from './scripted-pool.js'

/** A pool of one worker, and a way for a call to kill it, as the calls hear it: before the pool does. */
function stageOf(options: Parameters<typeof scriptedPool>[0] = {}) {
  const stage = scriptedPool(options)
  stage.up()
  const kill = (tool: string, given?: ProbeOptions) => {
    const call = stage.submit(tool, given)
    const crash = new SnakepitError('worker_crashed', 'killed by SIGSEGV', { mayHaveRun: true })
    call.done({ type: 'lost', error: crash })
    stage.at('w-0').crash('killed by SIGSEGV', { code: undefined, signal: 'SIGSEGV' })
    stage.clock.advance(2000)
    stage.at('w-0').ready()
    return call
  }
  return { ...stage, kill }
}

test('FAULT-03: what was there at two crashes never meets a third worker, and others go on', () => {
  const { kill, submit, clock, pool } = stageOf()
  const said: string[] = []
  pool.facts$.subscribe((fact) => fact.type === 'tool-quarantined' && said.push(`${fact.tool} until ${fact.until}`))
  kill('load')
  kill('load')
  const third = submit('load')
  assert.is(third.fate, 'tool_quarantined')
  assert.is(third.error?.mayHaveRun, false)
  assert.is(
    third.error?.message,
    "'load' was refused: it was running when 2 workers crashed (`barrier`); try again in 56 s",
  )
  assert.is(submit('add').fate, 'w-0')
  assert.equal(said, ['load until 60000'])
  assert.equal([pool.stats().quarantined, pool.stats().crashes], [1, { segfault: 2 }])
  clock.advance(56_000)
  assert.is(submit('load', { queueTimeout: 0 }).error, undefined, 'the window has passed')
})

test('FAULT-03: a poison key tells calls of one tool apart', () => {
  const { kill, submit } = stageOf()
  kill('load', { poisonKey: 'huge.bin' })
  kill('load', { poisonKey: 'huge.bin' })
  assert.is(submit('load', { poisonKey: 'huge.bin' }).fate, 'tool_quarantined')
  submit('load', { poisonKey: 'small.bin' }).done()
  submit('load').done()
})

test('FAULT-03: a call that waited while others of its kind crashed does not run either', () => {
  const { submit, at, clock } = scriptedPoolUp()
  const calls = [submit('load'), submit('load')]
  const waits = submit('load', { queueTimeout: Infinity })
  at('w-0').crash()
  calls[0]?.done({ type: 'lost' })
  at('w-1').crash()
  calls[1]?.done({ type: 'lost' })
  clock.advance(2000)
  at('w-0').ready()
  assert.is(waits.fate, 'tool_quarantined')
})

test('FAULT-03: a worker that was stopped under its calls is no crash, and `false` lets the barrier up', () => {
  const { submit, at, clock } = stageOf()
  const stopping = new SnakepitError('worker_stopping', 'stopped')
  for (let turn = 0; turn < 3; turn++) submit('load').done({ type: 'lost', error: stopping })
  assert.is(submit('load').fate, 'w-0')
  at('w-0').crash()
  clock.advance(0)

  const open = stageOf({ barrier: false })
  for (let turn = 0; turn < 3; turn++) open.kill('load')
  assert.is(open.submit('load').fate, 'w-0')
})

test('FAULT-04: a tool that fails is rested, other tools are not, and the refusal says until when', () => {
  const rules = { failures: 2, within: 1000, cooldown: 5000, halfOpenCalls: 1 }
  const { submit, clock, pool } = stageOf({ toolBreaker: rules })
  const fail = (tool: string) => submit(tool).done({ type: 'error', error: new Error('no') })
  fail('fetch')
  fail('fetch')
  const refused = submit('fetch')
  assert.is(refused.fate, 'circuit_open')
  assert.equal([refused.error?.mayHaveRun, refused.error?.details.retryInMs], [false, 5000])
  assert.is(
    refused.error?.message,
    "'fetch' was refused: too many calls of it failed (`toolBreaker`); try again in 5 s",
  )
  submit('add').done()
  assert.equal(pool.stats().breakers, { pool: 'closed', tools: { fetch: 'open' } })
  clock.advance(5000)
  const trial = submit('fetch')
  assert.equal(pool.stats().breakers.tools, { fetch: 'half_open' })
  assert.match(submit('fetch').error?.message ?? '', 'a few are being tried now')
  trial.done()
  assert.equal(pool.stats().breakers.tools, {})
  submit('fetch').done()
})

test('FAULT-04: the breaker of a pool counts all its calls; cancels and bad arguments are nobody’s fault', () => {
  const { submit, pool } = stageOf({ breaker: { failures: 2 } })
  submit('a').done({ type: 'error', error: new Error('no') })
  submit('b').done({ type: 'cancelled' })
  submit('c').done({ type: 'error', error: new SnakepitError('invalid_parameter', 'no') })
  assert.is(pool.stats().breakers.pool, 'closed')
  submit('d').done({ type: 'error', error: new SnakepitError('timeout', 'late') })
  assert.is(submit('e').fate, 'circuit_open')
  assert.is(pool.stats().breakers.pool, 'open')
})

test('FAULT-04: a trial that its caller takes back before it heard of it is a trial no more', () => {
  const { submit, clock, pool, makeRequest } = stageOf({ concurrency: 2, breaker: { failures: 1, cooldown: 10 } })
  submit('fails').done({ type: 'error', error: new Error('no') })
  clock.advance(10)
  const trial = makeRequest('trial')
  const stop = pool.facts$.subscribe((fact) => fact.type === 'breaker-changed' && pool.withdraw(trial))
  pool.submit(trial)
  stop.unsubscribe()
  assert.is(trial.answers, 0)
  assert.is(submit('next').fate, 'w-0')
})

function scriptedPoolUp() {
  const stage = scriptedPool({ size: 2 })
  stage.up()
  return stage
}

test.run()
