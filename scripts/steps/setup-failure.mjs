// Why the set-up cannot go on, as one paragraph for people: what failed, the likely cause, and what to do.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Shown by its message alone: no stack, no help of npm's. */
export class SetupFailure extends Error {
  name = 'SetupFailure'
}

const causes = [
  [/ENOENT.*spawn|spawn \S+ ENOENT/i, 'the command is not on PATH', 'Install it, then run this again'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|socket hang up|network|name resolution|NewConnectionError|Failed to fetch|dns error|Connection refused/i,
    'the package index cannot be reached',
    'Look at the connection, at the proxy (HTTPS_PROXY) and at which index is set (npm config get registry, pip config list)',
  ],
  [/E40[13]|EPUBLISH|401|403 Forbidden/, 'the package index refuses this user', 'Log in to it, or set another one'],
  [
    /E404|ETARGET|notarget|No matching version|404 Not Found|No matching distribution/i,
    'the package index lacks a package or a version of it',
    'Set an index that has it (npm config set registry …, PIP_INDEX_URL), or ask who runs this one to mirror it',
  ],
  [
    /EUSAGE|can only install packages when your package\.json and package-lock\.json/i,
    'package.json and package-lock.json do not agree',
    'See what differs with: node scripts/check-lock.mjs; write the lock file anew with: npm install --package-lock-only',
  ],
  [/EINTEGRITY/i, 'what the index gave is not what the lock file knows', 'Empty the cache (npm cache clean --force)'],
  [/ENOSPC|EDQUOT|No space left/i, 'the disk is full', 'Make room, then run this again'],
  [
    /EACCES|EPERM|EROFS|Permission denied/i,
    'a folder may not be written to',
    'Look at the rights of the project folder',
  ],
  [/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/i, 'the certificate of the index is not trusted', 'Set NODE_EXTRA_CA_CERTS'],
  [/ended after \d+ s/, 'it took too long', 'Run this again: what was loaded is kept'],
  [
    /ensurepip|No module named '?venv/i,
    'this Python was installed without venv',
    'On Debian and Ubuntu: apt install python3-venv',
  ],
]

/**
 * The failure of a command, told by what it said. All of what it said is kept in a file.
 *
 * @param {string} what the step in plain words: `node_modules could not be installed`
 * @param {string} command as it was typed
 * @param {{ status: number | null, output: string }} result
 * @param {string} folder the project
 */
export function commandFailure(what, command, { status, output }, folder) {
  const log = join(folder, '.cache', 'setup.log')
  const [, cause, advice] = causes.find(([pattern]) => pattern.test(output)) ?? [undefined, undefined, undefined]
  const end = status === null ? 'could not be run to its end' : `ended with status ${status}`
  const parts = [
    `Set-up failed: ${what}. \`${command}\` ${end}${cause ? `; most likely ${cause}` : ''}.`,
    tellingLine(output),
    advice && `${advice}.`,
    keep(log, `${command}\n${output.trim()}\n`) && `All that it said is in ${log}.`,
  ]
  return new SetupFailure(parts.filter(Boolean).join(' '))
}

/** The line that says most, without the prefix of the tool. */
function tellingLine(output) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!)( code)?\s*/, '').trim())
  const said = lines.find((line) =>
    / (not |in this registry|No matching|Missing:|failed|request to|getaddrinfo)/i.test(` ${line}`),
  )
  const line = said ?? lines.find((each) => each !== '')
  return line === undefined ? '' : `It said: "${line.slice(0, 200)}".`
}

function keep(path, text) {
  try {
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
    return true
  } catch {
    return false
  }
}
