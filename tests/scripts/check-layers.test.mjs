// The machine that guards the layers, shown one breach of each kind.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkLayers } from '../../scripts/check-layers.mjs'

function breachesOf(files) {
  const source = mkdtempSync(join(tmpdir(), 'snakepit-layers-'))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(source, path)), { recursive: true })
      writeFileSync(join(source, path), text)
    }
    return checkLayers(source)
  } finally {
    rmSync(source, { recursive: true, force: true })
  }
}

test('imports downwards, and the word import in comments and texts, are fine', () => {
  const files = {
    'errors/codes.ts': `// import { x } from '../api/x.js'\nexport const text = "import x from '../api/x.js'"\n`,
    'codec/values.ts': `/** \`import '../pool/x.js'\` */\nimport {\n  text,\n} from '../errors/codes.js'\nexport { text }\n`,
    'index.ts': `export * from './codec/values.js'\n`,
  }
  assert.equal(breachesOf(files), [])
})

test('an import upwards is a breach, also of a type, by re-export or at run time', () => {
  const pool = { 'pool/lease.ts': 'export type Lease = 1\n' }
  for (const text of [
    `import type { Lease } from '../pool/lease.js'`,
    `export * from '../pool/lease.js'`,
    `const { x } = await import('../pool/lease.js')`,
    `import '../pool/lease.js'`,
  ]) {
    assert.equal(breachesOf({ ...pool, 'wire/frames.ts': `${text}\n` }), [
      'wire/frames.ts: wire may not import pool (pool/lease.ts)',
    ])
  }
})

test('a ring of imports is told once', () => {
  const files = {
    'peer/a.ts': `import './b.js'\n`,
    'peer/b.ts': `import './c.js'\n`,
    'peer/c.ts': `import './a.js'\n`,
  }
  assert.equal(breachesOf(files), ['cycle: peer/a.ts -> peer/b.ts -> peer/c.ts -> peer/a.ts'])
})

test("a file's own index, packages away from home, lost files, unknown folders and long files are breaches", () => {
  const long = 'export {}\n'.repeat(301)
  assert.equal(
    breachesOf({
      'codec/index.ts': 'export {}\n',
      'codec/values.ts': `import './index.js'\nimport { map } from 'rxjs/operators'\nimport './gone.js'\n`,
      'helpers/all.ts': `import { x } from '../codec/index.js'\n`,
      'peer/long.ts': long,
      'wire/gen/long.ts': long,
    }),
    [
      "codec/values.ts: imports its own folder's index",
      'codec/values.ts: rxjs is for api, pool, worker, streams only',
      'codec/values.ts: ./gone.js leads to no file',
      "helpers/all.ts: 'helpers' is not a layer; add it to the table in scripts/check-layers.mjs",
      'peer/long.ts: 301 lines, more than 300',
    ],
  )
})

test.run()
