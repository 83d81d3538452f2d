// An awaited stream does nothing, and says so: once, and only where it was never read.
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

interface Told {
  readonly early: number
  readonly warnings: readonly { readonly code: string; readonly message: string }[]
}

async function told(
  when: 'collect' | 'close',
  ways: readonly string[],
  flags: readonly string[] = [],
): Promise<Told & { stderr: string }> {
  const program = fileURLToPath(new URL('unread-program.ts', import.meta.url))
  const { stdout, stderr } = await execa(process.execPath, [...flags, '--import', 'tsx', program, when, ...ways])
  return { ...(JSON.parse(stdout) as Told), stderr }
}

test('API-04: an awaited stream that was dropped unread is warned of once, with the tool and what to write', async () => {
  const { early, warnings, stderr } = await told('collect', ['await stream()', 'await stream().values()'])
  assert.is(warnings.length, 1)
  assert.is(early, 1, 'as soon as it was collected')
  assert.is(warnings[0]?.code, 'SNAKEPIT_STREAM_UNREAD')
  assert.match(warnings[0]?.message ?? '', /'count'.*for await.*subscribe.*final\(\).*toArray\(\)/)
  assert.match(stderr, /\[SNAKEPIT_STREAM_UNREAD\] SnakepitWarning/)
})

test('API-04: at the latest when the pool is closed; and it is turned off as all warnings of Node are', async () => {
  const off = ['--disable-warning=SNAKEPIT_STREAM_UNREAD']
  const { early, warnings, stderr } = await told('close', ['await stream().values()'], off)
  assert.equal([early, warnings.length], [0, 1])
  assert.not.match(stderr, /SNAKEPIT_STREAM_UNREAD/)
})

test('API-03, API-04: streams may be returned from async functions, and be there for nothing, without a warning', async () => {
  const ways = ['iterated', 'values()', 'subscribed', 'final()', 'toReadable()'].map(
    (use) => `return from an async function, ${use}`,
  )
  assert.equal((await told('collect', [...ways, 'never awaited, one of two'])).warnings, [])
})

test.run()
