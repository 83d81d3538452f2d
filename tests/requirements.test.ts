// Every promise that is marked done has a test, and no test proves what nobody promised.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = new URL('../', import.meta.url)
const rows = new Map(
  [...read('docs/requirements.md').matchAll(/^\| ([A-Z]+-\d\d) \| (\w+) \| (.+) \|$/gm)].map(
    ([, id, status, promise]) => [String(id), { status, promise }],
  ),
)
const families = new Set([...rows.keys()].map((id) => id.replace(/-\d\d$/, '')))
const proofs = [...typescriptProofs(), ...pythonProofs()]

test('the table has each requirement once, with a status and a promise', () => {
  const lines = read('docs/requirements.md').match(/^\| [A-Z]+-.*$/gm) ?? []
  assert.is(rows.size, lines.length, 'a row is malformed, or an id is there twice')
  assert.is(rows.size, 117)
  for (const [id, { status }] of rows) assert.ok(status === 'open' || status === 'done', `${id} is '${status}'`)
})

test('every requirement that is done is named by a test', () => {
  const proven = new Set(proofs.map(({ id }) => id))
  const unproven = [...rows].filter(([id, { status }]) => status === 'done' && !proven.has(id)).map(([id]) => id)
  assert.equal(unproven, [])
})

test('every id that a test names is in the table', () => {
  const unknown = proofs.filter(({ id }) => !rows.has(id)).map(({ id, file }) => `${file}: ${id}`)
  assert.equal(unknown, [])
})

test('every guarantee that does not need a server for others is tried by a test', () => {
  const wanted = Array.from({ length: 35 }, (_, index) => `G${index + 1}`).filter((id) => !needsServer.has(id))
  const files = [...filesIn('tests', /\.m?[tj]s$/), ...filesIn('bridge-py/tests', /\.py$/)]
  const tried = new Set(files.flatMap((file) => read(file).match(/(?<=guarantee:|guarantees: \[.*['"])G\d+\b/g) ?? []))
  assert.equal(
    wanted.filter((id) => !tried.has(id)),
    [],
  )
})

/** Tokens, network addresses, values as code, limits of messages: they belong to the server for other programs. */
const needsServer = new Set(['G24', 'G25', 'G26', 'G27'])

/** Ids in the titles of tests and suites: of known families anywhere, of any family before a colon. */
function typescriptProofs() {
  return filesIn('tests', /\.test\.(ts|mjs)$/).flatMap((file) => {
    const titles = [...read(file).matchAll(/\b(?:test|suite)(?:\.only)?\(\s*(['"`])(.*?)\1/g)].map(
      (match) => match[2] ?? '',
    )
    return titles.flatMap((title) => {
      const everywhere = idsIn(title).filter((id) => families.has(id.replace(/-\d\d$/, '')))
      const inFront = /^[A-Z]+-\d\d\b[^:]*:/.exec(title)?.[0] ?? ''
      return [...new Set([...everywhere, ...idsIn(inFront)])].map((id) => ({ id, file }))
    })
  })
}

function pythonProofs() {
  return filesIn('bridge-py/tests', /\.py$/).flatMap((file) => {
    const marks = [...read(file).matchAll(/\bmark\.proves\(([^)]*)\)/g)].map((match) => match[1] ?? '')
    return marks.flatMap((mark) =>
      [...mark.matchAll(/["']([^"']+)["']/g)]
        .map((match) => ({ id: match[1] ?? '', file }))
        .filter(({ id }) => !id.startsWith('guarantee:')),
    )
  })
}

function idsIn(text: string): string[] {
  return text.match(/\b[A-Z]+-\d\d\b/g) ?? []
}

function filesIn(folder: string, pattern: RegExp): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => pattern.test(path))
    .map((path) => `${folder}/${path}`)
}

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, root)), 'utf8')
}

test.run()
