// Runs test files, each in a process of its own, a few at a time, and counts what they report.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../steps/command.mjs'
import { endWithUs, leftBehind, signalGroup } from './process-group.mjs'

const runFile = fileURLToPath(new URL('run-file.mjs', import.meta.url))
const defaultTimeout = 120

/**
 * @typedef {{ file: string, passed: number, failed: number, skipped: number, seconds: number,
 *   problems: string[], output: string }} FileResult `failed` counts the file's problems too
 */

/**
 * Runs all files; `onResult` is told of each as it ends.
 *
 * @param {readonly string[]} files
 * @param {{ atOnce?: number, env?: NodeJS.ProcessEnv, onResult?: (result: FileResult) => void }} [options]
 * @returns {Promise<FileResult[]>}
 */
export async function runFiles(files, { atOnce = 2, env = process.env, onResult = () => {} } = {}) {
  const waiting = [...files]
  const results = []
  const lane = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const result = await superviseFile(file, env)
      results.push(result)
      onResult(result)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return results
}

/** One file from start to end: bounded in time, and leaving nothing behind. */
async function superviseFile(file, env) {
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'snakepit-test-'))
  const reportFile = join(folder, 'report.json')
  const flags = ['--import', 'tsx', '--unhandled-rejections=strict', '--enable-source-maps']
  const child = spawn(process.execPath, [...flags, runFile, file, reportFile], {
    cwd: root,
    env: { ...env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const problems = []
  const output = gather(child)
  const timeout = timeoutOf(file)
  const release = endWithUs(child)
  const clock = setTimeout(() => {
    const { current } = readReport(reportFile)
    problems.push(`took longer than ${timeout} s${current ? `, in: ${current}` : ''}`)
    signalGroup(child, 'SIGKILL')
  }, timeout * 1000)
  const end = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)))
  clearTimeout(clock)

  const strays = await leftBehind(child.pid)
  if (strays.length > 0) {
    signalGroup(child, 'SIGKILL')
    if (problems.length === 0) problems.push(`left processes behind: ${strays.join('; ')}`)
  }
  release()
  const report = readReport(reportFile)
  rmSync(folder, { recursive: true, force: true })
  problems.push(...report.problems)
  if (!report.finished && problems.length === 0)
    problems.push(`ended (${end}) in: ${report.current ?? 'its first lines'}`)
  else if (end !== 0 && problems.length === 0) problems.push(`left with ${end} after its tests`)
  return {
    file,
    passed: report.passed,
    failed: report.failed + problems.length,
    skipped: report.skipped,
    seconds: (performance.now() - began) / 1000,
    problems,
    output: output(),
  }
}

/** `// timeout: 300 s` among the first lines of a file gives it more time. */
function timeoutOf(file) {
  const head = readFileSync(file, 'utf8').split('\n', 8).join('\n')
  return Number(/^\/\/ timeout: (\d+) s$/m.exec(head)?.[1] ?? defaultTimeout)
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { finished: false, passed: 0, failed: 0, skipped: 0, problems: [] }
  }
}

function gather(child) {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece) => {
      text = (text + piece).slice(-200_000)
    })
  }
  return () => text
}
