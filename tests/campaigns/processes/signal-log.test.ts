// The reader of tracer logs knows a signal for a stranger when it sees one.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSignals } from './signal-log.js'

const birth = '10 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 11'
const collected = '10 wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}], WNOHANG, NULL) = 11'

test('guarantee:G2: a signal for a process that was born below the host is fine', () => {
  const { sent, born, foreign } = readSignals(`${birth}\n10 kill(11, SIGTERM) = 0\n11 tgkill(11, 11, SIGABRT) = 0`)
  assert.equal([sent, born, foreign], [2, 2, []])
})

test('guarantee:G2: once it has been collected, its number is a stranger', () => {
  const late = '10 kill(11, SIGKILL) = 0'
  assert.equal(readSignals([birth, collected, late].join('\n')).foreign, [late])
  assert.equal(readSignals([birth, collected, birth, late].join('\n')).foreign, [], 'born again')
})

test('guarantee:G2: a collection that was interrupted counts when it has returned', () => {
  const begun = '10 wait4(-1,  <unfinished ...>'
  const ended = '10 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 11'
  const kill = '10 kill(11, SIGKILL) = -1 ESRCH (No such process)'
  assert.equal(readSignals([birth, begun, kill, ended].join('\n')).foreign, [])
  assert.equal(readSignals([birth, begun, ended, kill].join('\n')).foreign, [kill])
})

test('guarantee:G2: a group, and somebody who never was ours, are strangers; asking is no signal', () => {
  assert.is(readSignals(`${birth}\n10 kill(-11, SIGKILL) = 0\n10 kill(99, SIGTERM) = 0`).foreign.length, 2)
  assert.equal(readSignals('10 kill(99, 0) = 0').foreign, [])
})

test.run()
