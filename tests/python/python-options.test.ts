// What may be said about Python, and what is answered to the rest.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PythonOptions, resolvePythonOptions } from '../../src/python/python-options.js'
import { Sandbox } from './sandbox.js'

function refused(options: object, pattern: RegExp) {
  assert.throws(
    () => resolvePythonOptions(options as PythonOptions),
    (error: { code: string; message: string }) => error.code === 'invalid_option' && pattern.test(error.message),
  )
}

test('ENV-01: options that were left out are filled in', () => {
  const settings = resolvePythonOptions()
  assert.is(settings.cwd, process.cwd())
  assert.is(settings.probeTimeout, 10_000)
  assert.equal(settings.requirements, [])
  assert.ok(Object.isFrozen(settings))
})

test('ENV-01: a wrong option is named, with what was expected and what came', () => {
  refused({ pyhton: 'python3' }, /unknown option 'pyhton'.*did you mean 'python'\?/)
  refused({ python: 3 }, /expected `python` to be a text that is not empty, got 3 \(number\)/)
  refused(
    { probeTimeout: 0 },
    /expected `probeTimeout` to be milliseconds from 1 to 2147483647, or Infinity for no limit, got 0/,
  )
  refused({ requirements: [''] }, /expected `requirements\[0\]`/)
})

test('ENV-03: a requirement cannot smuggle in an installer option', () => {
  refused({ requirements: ['--index-url=https://evil.example'] }, /requirements\[0\]/)
  refused({ requirements: ['numpy\n--index-url=https://evil.example'] }, /requirements\[0\]/)
})

test('ENV-03: requirements may be a file', () => {
  using sandbox = new Sandbox()
  const text = '# tools\nnumpy>=2  # arrays\n\n--index-url https://index.example\nscipy \\\n  >=1.1\n'
  writeFileSync(join(sandbox.cwd, 'requirements.txt'), text)
  const settings = resolvePythonOptions({ cwd: sandbox.cwd, requirements: 'requirements.txt' })
  assert.equal(settings.installerLines, ['--index-url https://index.example'])
  assert.equal(
    settings.requirements.map((line) => line.replaceAll(/\s+/g, '')),
    ['numpy>=2', 'scipy>=1.1'],
  )
  writeFileSync(join(sandbox.cwd, 'including.txt'), '-r requirements.txt\n')
  refused({ cwd: sandbox.cwd, requirements: 'including.txt' }, /without includes/)
  refused({ cwd: sandbox.cwd, requirements: 'gone.txt' }, /that can be read/)
})

test.run()
