// A module hook: where a test imports uvu it gets the recorded one.
import { register } from 'node:module'

const recorded = new URL('recorded-uvu.mjs', import.meta.url).href

/** Called once, before a test file is loaded. */
export function useRecordedUvu() {
  register(import.meta.url)
}

/** The hook itself; Node calls it in a thread of its own. */
export function resolve(specifier, context, next) {
  if (specifier === 'uvu' && context.parentURL !== recorded) return { url: recorded, shortCircuit: true }
  return next(specifier, context)
}
