// What keeps this program alive.

/** The kinds of all open handles, one for each; what ends by itself in this turn is left out. */
export function handles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => !/Immediate|FSReq|TickObject/.test(name))
}
