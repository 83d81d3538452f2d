// The processes that a child started: seen and ended as one group.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Signals a child and everything it started, as far as that stayed in its group. */
export function signalGroup(child, signal) {
  if (child.pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal)
  } catch {
    // Nobody is left.
  }
}

const dependants = new Set()

/** A child in a group of its own does not get the terminal's Ctrl-C: our end is passed on, until the child is let go. */
export function endWithUs(child) {
  if (dependants.size === 0) for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, endAll)
  dependants.add(child)
  return () => {
    dependants.delete(child)
    if (dependants.size === 0) for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, endAll)
  }
}

function endAll(signal) {
  for (const child of dependants) signalGroup(child, 'SIGKILL')
  process.exit(signal === 'SIGINT' ? 130 : 143)
}

/** Waits a little for a group to empty itself; gives the command lines of those who stay. Linux only. */
export async function leftBehind(group, patience = 2000) {
  const deadline = Date.now() + patience
  for (;;) {
    const members = membersOf(group)
    if (members.length === 0 || Date.now() > deadline) return members.map(commandLine)
    await wait(50)
  }
}

/** The living members of a process group; the dead who only wait to be collected are no trouble. */
function membersOf(group) {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    // After the program's name in brackets: state, parent, group.
    const [state, , pgrp] = read(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(pgrp) === group && state !== 'Z' && state !== 'X'
  })
}

function commandLine(pid) {
  return `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
