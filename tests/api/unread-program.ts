// A program that awaits streams, in the ways that its arguments name, and says what it was warned of.
import { setTimeout as pause } from 'node:timers/promises'
import { firstValueFrom, iif, map, toArray } from 'rxjs'
import { Snakepit } from '../../src/index.js'
import { collectGarbage } from '../support/garbage.js'
import { adapterOf } from '../support/pit.js'

const warnings: { code: string | undefined; message: string }[] = []
process.on('warning', (warning: Error & { code?: string }) => {
  warnings.push({ code: warning.code, message: warning.message })
})
const pit = await Snakepit.open({ adapter: adapterOf(import.meta.url, 'streams.py'), size: 1, drain: 0 })
const count = (name = 'x') => pit.stream('count', { n: 3, name })
const later = async () => count()

const ways: Record<string, () => unknown> = {
  'await stream()': async () => {
    await count()
    await count()
  },
  'await stream().values()': async () => {
    await count().values()
  },
  'return from an async function, dropped': later,
  'return from an async function, iterated': async () => {
    for await (const _ of await later());
  },
  'return from an async function, values()': async () => {
    const values = await Promise.resolve((await later()).values())
    if ((await values.pipe(toArray()).toPromise())?.length !== 3) throw new Error('wrong')
  },
  'return from an async function, subscribed': async () => firstValueFrom((await later()).pipe(map(({ seq }) => seq))),
  'return from an async function, final()': async () => {
    if ((await (await later()).final()) !== 3) throw new Error('wrong')
  },
  'return from an async function, toReadable()': async () => {
    await (await Promise.all([count()]))[0].toReadable().cancel()
  },
  'never awaited, one of two': async () => {
    await firstValueFrom(iif(() => true, count('a'), count('b')))
  },
}

const [when, ...names] = process.argv.slice(2)
for (const name of names) await ways[name]?.()
if (when === 'collect') {
  for (let round = 0; round < 40 && warnings.length === 0; round++) {
    await pause(5)
    collectGarbage()
  }
}
const early = warnings.length
await pit.close()
await pause(1)
console.log(JSON.stringify({ early, warnings }))
