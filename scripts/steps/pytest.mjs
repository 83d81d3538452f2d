// The tests of the Python half, counted from pytest's own machine-readable report.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, runCommand } from './command.mjs'
import { devPython } from './python-dev.mjs'

const reportFile = join(root, '.cache', 'pytest.xml')

/** Runs pytest; a run that breaks off counts as one failure. */
export async function runPytest() {
  mkdirSync(join(root, '.cache'), { recursive: true })
  rmSync(reportFile, { force: true })
  const env = { ...process.env, PYTHONPATH: join(root, 'bridge-py', 'src'), PY_COLORS: '0' }
  const command = [devPython, '-m', 'pytest', 'tests', '--quiet', '-p', 'no:cacheprovider', `--junitxml=${reportFile}`]
  const { ok, output, seconds } = await runCommand(command, { cwd: join(root, 'bridge-py'), env })
  const counts = readCounts()
  const problems = ok || counts.failed > 0 ? [] : ['pytest did not run to its end']
  return {
    file: 'bridge-py/tests (pytest)',
    ...counts,
    failed: counts.failed + problems.length,
    seconds,
    problems,
    output,
  }
}

function readCounts() {
  let suite = ''
  try {
    suite = /<testsuite [^>]*>/.exec(readFileSync(reportFile, 'utf8'))?.[0] ?? ''
  } catch {
    // No report: pytest says why in its output.
  }
  const number = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0)
  const failed = number('failures') + number('errors')
  const skipped = number('skipped')
  return { passed: Math.max(0, number('tests') - failed - skipped), failed, skipped }
}
