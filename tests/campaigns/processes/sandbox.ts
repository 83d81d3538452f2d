// What this machine lets us put a host into: a PID namespace of its own, and a tracer of its signals.
import { spawnSync } from 'node:child_process'

/** The words that run a command as PID 1 of its own namespace; undefined where that is not allowed. */
export const namespace = firstThatRuns([
  ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
  ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'],
])

/** The words that write every signal, birth and collected death below a command to this file; undefined without strace. */
export function tracer(file: string): readonly string[] | undefined {
  const calls = 'kill,tkill,tgkill,pidfd_send_signal,rt_sigqueueinfo,clone,clone3,fork,vfork,wait4,waitid'
  return firstThatRuns([
    ['strace', '-f', '--seccomp-bpf', '-qq', '-o', file, '-e', `trace=${calls}`],
    ['strace', '-f', '-qq', '-o', file, '-e', `trace=${calls}`],
  ])
}

function firstThatRuns(commands: readonly (readonly string[])[]): readonly string[] | undefined {
  return commands.find(([name = '', ...words]) => {
    const { status } = spawnSync(name, [...words, 'true'], { stdio: 'ignore', timeout: 10_000 })
    return status === 0
  })
}
