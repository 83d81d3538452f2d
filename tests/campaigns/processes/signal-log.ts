// What a tracer wrote of the processes below a host: who was born, who was collected, and who was signalled by whom.

/** What came of reading it. */
export interface Signals {
  readonly sent: number
  /** Processes and threads that were born. */
  readonly born: number
  /** Lines that tell of a signal for a process that was not ours, or not any more. */
  readonly foreign: readonly string[]
}

/** Reads what `strace -f` wrote. A number is ours from its birth until somebody has collected it. */
export function readSignals(text: string): Signals {
  const ours = new Set<number>()
  const begun = new Map<number, string>()
  const foreign: string[] = []
  let [sent, born] = [0, 0]
  const birth = (pid: number) => {
    if (!ours.has(pid)) born++
    ours.add(pid)
  }
  for (const line of text.split('\n')) {
    const [, author, said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (author === undefined) continue
    birth(Number(author))
    // A signal counts when it is sent, a birth and a collection when the call has returned.
    const target = targetOf(said)
    if (target !== undefined) {
      sent++
      if (!ours.has(target)) foreign.push(line)
    }
    if (said.endsWith('<unfinished ...>')) begun.set(Number(author), said)
    const call = said.startsWith('<... ') ? said.slice(5) : said
    const result = Number(/ = (\d+)(?: .*)?$/.exec(call)?.[1] ?? 0)
    if (result > 0 && /^(clone3?|v?fork)\b/.test(call)) birth(result)
    if (result > 0 && call.startsWith('wait4')) ours.delete(result)
    if (call.startsWith('waitid')) for (const pid of waited(call, begun.get(Number(author)))) ours.delete(pid)
  }
  return { sent, born, foreign }
}

/**
 * The process that a signal is for; a group is nobody's number. Signal 0 only asks whether somebody is there, and what
 * is sent through a process's own handle cannot reach another.
 */
function targetOf(said: string): number | undefined {
  const [, pid, signal] = /^(?:kill|tkill|rt_sigqueueinfo)\((-?\d+), (\w+)/.exec(said) ?? []
  const [, group, first] = /^tgkill\((-?\d+), \d+, (\w+)/.exec(said) ?? []
  const target = pid ?? group
  return target === undefined || (signal ?? first) === '0' ? undefined : Number(target)
}

function waited(call: string, before = ''): number[] {
  if (`${before}${call}`.includes('WNOWAIT')) return []
  const pid = /si_pid=(\d+)/.exec(call)?.[1]
  return pid === undefined ? [] : [Number(pid)]
}
