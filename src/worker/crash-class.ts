// What kind of death a worker died, told from what is left of it.
import type { WorkerExit } from './worker-event.js'

/** The kinds of death that can be told apart. */
export type CrashClass = 'segfault' | 'bus_error' | 'illegal_instruction' | 'abort' | 'gpu' | 'out_of_memory' | 'other'

/** What remains of a process. */
export type Remains = Pick<WorkerExit, 'code' | 'signal' | 'lastLines' | 'rung'>

/**
 * The kind of death of a worker that ended without being ordered to.
 *
 * A signal that only one fault raises speaks first. What is ambiguous is told by its last words: a device fault and a
 * failed allocation both reach `abort()` often. SIGKILL that was not ours is the kernel's answer to a lack of memory.
 *
 * @param remains exit code or signal, and the last lines of output; `rung` is the rung of our own stop ladder
 */
export function crashClassOf({ code, signal, lastLines, rung }: Remains): CrashClass {
  if (rung !== undefined) return 'other'
  const raised = signal ?? signalOfCode(code)
  switch (raised) {
    case 'SIGSEGV':
      return 'segfault'
    case 'SIGBUS':
      return 'bus_error'
    case 'SIGILL':
      return 'illegal_instruction'
    case 'SIGKILL':
      return 'out_of_memory'
  }
  const words = lastLines.join('\n')
  if (gpu.test(words)) return 'gpu'
  if (memory.test(words)) return 'out_of_memory'
  return raised === 'SIGABRT' ? 'abort' : 'other'
}

const gpu =
  /CUDA error|device-side assert|CUDA_ERROR_|CUDNN_STATUS_(?!SUCCESS)|CUBLAS_STATUS_(?!SUCCESS)|NCCL (error|WARN)|ncclSystemError|ncclUnhandledCudaError|HIP error|hipError[A-Z]|MPS backend out of memory|Xid \(/

const memory =
  /^MemoryError\b|\bMemoryError:|std::bad_alloc|Cannot allocate memory|Unable to allocate [\d.]+ [KMGT]i?B/m

/** Shells and container runtimes report a signal as 128 and its number; Windows has codes of its own. */
function signalOfCode(code: number | undefined): string | undefined {
  switch (code) {
    case 132:
      return 'SIGILL'
    case 134:
      return 'SIGABRT'
    case 135:
      return 'SIGBUS'
    case 137:
      return 'SIGKILL'
    case 139:
    case 0xc0000005:
      return 'SIGSEGV'
    case 0xc000001d:
      return 'SIGILL'
    default:
      return undefined
  }
}
