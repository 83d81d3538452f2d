// The contract of calls, with TypeScript tools behind the memory wire.
import { test } from 'uvu'
import { callContract } from './calls.js'
import { memorySubject } from './memory-subject.js'

callContract(memorySubject)

test.run()
