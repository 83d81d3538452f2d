// The whole truth about the project in one command: set up, check, build, test both languages, count.
//
//     npm test                        everything
//     npm test -- pool session        only the TypeScript test files whose path holds one of these words
//     npm test -- --ts                only the TypeScript tests
//     npm test -- --python            only the Python tests
//     npm test -- --checks            only the checks
import { parseArgs } from 'node:util'
import { build } from './build.mjs'
import { runChecks } from './check.mjs'
import { setup, tell } from './setup.mjs'
import { root } from './steps/command.mjs'
import { filesBelow } from './steps/files.mjs'
import { runPytest } from './steps/pytest.mjs'
import { devPython } from './steps/python-dev.mjs'
import { closingLine, heading, showCheck, showFile } from './steps/summary.mjs'
import { runFiles } from './test-runner/run-files.mjs'

const { values: only, positionals: patterns } = parseArgs({
  allowPositionals: true,
  options: { ts: { type: 'boolean' }, python: { type: 'boolean' }, checks: { type: 'boolean' } },
})
process.chdir(root)
const everything = patterns.length === 0 && !only.ts && !only.python && !only.checks
const totals = { passed: 0, failed: 0, skipped: 0 }

try {
  await setup({ python: 'dev' })
  if (everything || only.checks) await check()
  if (everything) await compile()
  if (everything || only.ts || patterns.length > 0) await testTypeScript()
  if (everything || only.python) await testPython()
} catch (error) {
  console.error(`\n${tell(error)}`)
  totals.failed += 1
}
console.log(`\n${closingLine(totals)}`)
process.exitCode = totals.failed > 0 ? 1 : 0

async function check() {
  heading('checks')
  await runChecks((result) => {
    showCheck(result)
    countOne(result)
  })
}

async function compile() {
  heading('build')
  const result = { name: 'dist (tsc)', ...(await build()) }
  showCheck(result)
  countOne(result)
}

async function testTypeScript() {
  heading('typescript tests')
  const files = filesBelow('tests', (path) => /\.test\.(ts|mjs)$/.test(path))
  const chosen = files.filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
  if (chosen.length === 0) throw new Error(`no test file holds ${patterns.join(' or ')} in its path`)
  await runFiles(chosen, {
    env: { ...process.env, SNAKEPIT_PYTHON: devPython },
    onResult: (result) => {
      showFile(result)
      count(result)
    },
  })
}

async function testPython() {
  heading('python tests')
  const result = await runPytest()
  showFile(result)
  count(result)
}

function countOne({ ok }) {
  count({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 })
}

function count({ passed, failed, skipped }) {
  totals.passed += passed
  totals.failed += failed
  totals.skipped += skipped
}
