// Where the Python half of the package is looked for, and what is said when it is not there, or is another one.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Snakepit } from '../../src/index.js'
import { version } from '../../src/python/package-facts.js'
import { bridgePath, search, useBridge } from '../../src/python/package-files.js'
import { isCoded } from '../support/errors.js'
import { reasonOf, thrown } from '../support/rejection.js'
import { temporaryFolder } from '../support/temporary.js'

const folder = temporaryFolder()
const own = bridgePath()

/** A copy of the bridge in a new folder of that name. */
function copyTo(name: string): string {
  const place = join(folder, name, 'bridge-py')
  cpSync(own, join(place, 'src'), { recursive: true, filter: (path) => !path.endsWith('__pycache__') })
  return place
}

test('ENV-01: it is found in the place or in a folder above, the first place first', () => {
  const bridge = copyTo('above')
  const below = join(folder, 'above', 'dist', 'chunks')
  mkdirSync(below, { recursive: true })
  assert.is(search([join(folder, 'nowhere'), below]), join(bridge, 'src'))
  assert.is(search([own, below]), own)
})

test('ENV-01: when it is nowhere, the error names the places and every way out', () => {
  const error = thrown(() => search([join(folder, 'nowhere')]), 'environment_failed')
  assert.ok(error.message.includes(join(folder, 'nowhere', 'bridge-py')))
  for (const way of [/external/, /cp -r/, /`bridgePath`/, /SNAKEPIT_BRIDGE_PATH/, /snakepit\/embedded/])
    assert.match(error.message, way)
})

test('ENV-01: SNAKEPIT_BRIDGE_PATH is used or refused', () => {
  const bridge = copyTo('variable')
  try {
    process.env.SNAKEPIT_BRIDGE_PATH = bridge
    assert.is(bridgePath(), join(bridge, 'src'))
    process.env.SNAKEPIT_BRIDGE_PATH = folder
    const error = thrown(() => bridgePath(), 'environment_failed')
    assert.match(error.message, `expected SNAKEPIT_BRIDGE_PATH to name a folder that holds`)
  } finally {
    delete process.env.SNAKEPIT_BRIDGE_PATH
  }
  assert.is(bridgePath(), own)
})

test('API-13: the option `bridgePath` is checked before anything is started', async () => {
  const adapter = 'tests.no_such_adapter'
  for (const bad of [7, '', 'a\0b', null, folder, join(folder, 'not-there')]) {
    const error = await reasonOf(Snakepit.open({ adapter, bridgePath: bad as string }))
    isCoded(error, 'invalid_option', /^expected `bridgePath` to be /)
  }
  isCoded(
    await reasonOf(Snakepit.open({ adapter, pools: { cpu: { bridgePath: own } as object } })),
    'invalid_option',
    /bridgePath/,
  )
})

test('ENV-01: a copy of another version is refused, and one program has one bridge', () => {
  const stale = copyTo('stale')
  writeFileSync(join(stale, 'src', 'snakepit_bridge', '_version.py'), '__version__ = "0.0.9"\n')
  const error = thrown(() => useBridge(stale), 'environment_failed')
  assert.match(error.message, `is of version 0.0.9, but this is Snakepit ${version}: copy it anew`)
  const bridge = copyTo('named')
  useBridge(bridge)
  useBridge(join(bridge, 'src'))
  useBridge(undefined)
  assert.is(bridgePath(), join(bridge, 'src'))
  isCoded(
    thrown(() => useBridge(own)),
    'invalid_option',
    /to be the same for the whole program/,
  )
})

test.run()
