// Runs the uvu suites of one test file in this process, and writes what came of it to a report.
//
//     node --import tsx run-file.mjs tests/some.test.ts report.json
//
// uvu only collects the suites; they are run here, so that the numbers come from uvu's results and not from what it prints.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { failures, suites, watchStarts } from './recorded-uvu.mjs'
import { useRecordedUvu } from './use-recorded-uvu.mjs'

const [testFile, reportFile] = process.argv.slice(2)
/** How long a file may take to leave once its tests have ended, in milliseconds. */
const leaveTime = Number(process.env.SNAKEPIT_TEST_LEAVE_TIME ?? 5000)

const report = { finished: false, passed: 0, failed: 0, skipped: 0, problems: [], current: undefined }
const save = () => writeFileSync(reportFile, JSON.stringify(report))
const addProblem = (problem) => {
  report.problems.push(problem)
  save()
}

process.on('warning', (warning) => addProblem(`warned: ${warning.name}: ${warning.message}`))
watchStarts((title) => {
  report.current = title
  save()
})

useRecordedUvu()
const resourcesBefore = process.getActiveResourcesInfo()

await import(pathToFileURL(resolve(testFile)).href)
for (const runSuite of suites) {
  const [, passed, skipped, total] = await runSuite()
  report.passed += passed
  report.skipped += skipped
  report.failed += total - passed
  save()
}
for (const { title, error } of failures) console.log(`\nfailed: ${title}\n${tell(error)}`)
if (failures.length > 0 && report.failed === 0) addProblem('a hook failed')
if (report.passed + report.failed + report.skipped === 0) addProblem('no tests: does the file end with test.run()?')
report.finished = true
report.current = undefined
save()

// The timer does not keep the process alive, so it only fires where something else does.
setTimeout(() => {
  addProblem(`did not leave in ${leaveTime / 1000} s after its tests: ${openResources()} still open`)
  process.exit(1)
}, leaveTime).unref()

/** An assertion shows what differs; any other error shows all it carries: code, details, cause. */
function tell(error) {
  if (typeof error?.details !== 'string') return inspect(error, { depth: 4 })
  return `${error.message}\n${error.details}\n${String(error.stack).split('\n').slice(1).join('\n')}`
}

function openResources() {
  const names = process.getActiveResourcesInfo()
  for (const name of resourcesBefore) if (names.includes(name)) names.splice(names.indexOf(name), 1)
  return names.join(', ') || 'something'
}
