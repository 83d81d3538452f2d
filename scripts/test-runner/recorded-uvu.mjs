// uvu, with a record of what each test and hook came to.
//
// uvu itself keeps only counts, says nothing of a hook that throws, and drops the rest of a suite when an error has
// `details` that are no text, as ours have. Tests see the same API; errors are kept here and never reach uvu's formatting.

// Set before uvu loads: it then collects suites instead of running them by itself.
globalThis.UVU_DEFER = true
globalThis.UVU_QUEUE = [[]]
const uvu = await import('uvu')

export const { exec } = uvu

/** The suites that were collected, as functions: each resolves with `[errors, passed, skipped, total]`. */
export const [suites] = globalThis.UVU_QUEUE

/** What went wrong: `{ title, error }`, in the order it happened. */
export const failures = []

let onStart = () => {}

/** Told the title of each test and hook before it runs. */
export function watchStarts(listener) {
  onStart = listener
}

/** `suite` of uvu. */
export function suite(name = '', state = {}) {
  return recorded(uvu.suite(name, state), name)
}

/** `test` of uvu: the suite without a name. */
export const test = recorded(uvu.test, '')

function recorded(inner, suiteName) {
  const titled = (title) => (suiteName ? `${suiteName} > ${title}` : title)
  const adder = (add) => (name, handler) => add(name, watched(titled(name), handler))
  const hook = (add, kind) => (handler) => add(watched(titled(`(${kind} hook)`), handler))
  return Object.assign(adder(inner), {
    only: adder(inner.only),
    skip: inner.skip,
    run: inner.run,
    before: Object.assign(hook(inner.before, 'before'), { each: hook(inner.before.each, 'before each') }),
    after: Object.assign(hook(inner.after, 'after'), { each: hook(inner.after.each, 'after each') }),
  })
}

function watched(title, handler) {
  return async (context) => {
    onStart(title)
    try {
      await handler(context)
    } catch (error) {
      failures.push({ title, error })
      throw new Error(`failed: ${title}`)
    }
  }
}
