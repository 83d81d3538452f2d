// One command of the project's own tooling: bounded, quiet, its output at hand for when it fails.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endWithUs, signalGroup } from '../test-runner/process-group.mjs'

/** The repository's root, whatever the working directory is. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '')

/**
 * Runs a command to its end.
 *
 * @param {readonly string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number }} [options] timeout in milliseconds, default 10 min
 * @returns {Promise<{ ok: boolean, status: number | null, stdout: string, output: string, seconds: number }>}
 */
export function runCommand([file, ...args], { cwd = root, env = process.env, timeout = 600_000 } = {}) {
  const began = performance.now()
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const release = endWithUs(child)
    let stdout = ''
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    const clock = setTimeout(() => {
      output += `\nended after ${timeout / 1000} s`
      signalGroup(child, 'SIGKILL')
    }, timeout)
    const end = (status) => {
      clearTimeout(clock)
      release()
      resolve({ ok: status === 0, status, stdout, output, seconds: (performance.now() - began) / 1000 })
    }
    child.once('error', (error) => {
      output += error.message
      end(null)
    })
    child.once('close', end)
  })
}

/** The command succeeded, or this throws with everything it said. */
export async function mustRun(command, options) {
  const result = await runCommand(command, options)
  if (!result.ok) throw new Error(`${command.join(' ')}: status ${result.status}\n${result.output.trim()}`)
  return result
}
