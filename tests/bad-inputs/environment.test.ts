// Odd surroundings of the host program: it works there, and leaves nobody.
// timeout: 180 s
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { allGone } from '../support/processes.js'
import { temporaryFolder } from '../support/temporary.js'
import { type End, gathered, loader, program, run, type Surrounding } from './host.js'

const proxies = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map((name) => [
    name,
    'http://127.0.0.1:9',
  ]),
)
const bare = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]))

const surroundings: Record<string, Surrounding> = {
  'proxies, over a socket': { env: { ...proxies, no_proxy: '' } },
  'proxies, over TCP': { env: { ...proxies, no_proxy: undefined, NO_PROXY: undefined }, way: 'works over TCP' },
  'proxies, by a pipe': { env: { ...proxies, no_proxy: '' }, way: 'works by a pipe' },
  'a pipe, with no variables at all': { env: bare, way: 'works by a pipe' },
  'a pipe, with signals that are ignored': { shell: "trap '' INT TERM HUP PIPE", way: 'works by a pipe' },
  'Node told to be strict': {
    env: { NODE_OPTIONS: '--throw-deprecation --disable-proto=delete --disallow-code-generation-from-strings' },
  },
  'Node with a debugger and certificates that are not there': {
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0', NODE_EXTRA_CA_CERTS: '/no/such/file' },
  },
  'LANG=C, no Turkish locale, no such time zone': { env: { LANG: 'C', LC_ALL: 'tr_TR.UTF-8', TZ: 'Odd/Zone' } },
  'a gRPC that talks, in the host': {
    env: {
      GRPC_VERBOSITY: 'debug',
      GRPC_TRACE: 'all',
      GRPC_DNS_RESOLVER: 'native',
      GRPC_ENABLE_FORK_SUPPORT: '1',
      GRPC_POLL_STRATEGY: 'poll',
    },
  },
  'a gRPC that talks, in the worker': { way: 'works with a talkative gRPC' },
  'no variables at all: no HOME, PATH, USER, XDG_RUNTIME_DIR': { env: bare },
  'variables that steer Python elsewhere': {
    env: { PYTHONHOME: '/nowhere', PYTHONPATH: '/nowhere', PYTHONSTARTUP: '/nowhere', PYTHONINSPECT: '1' },
  },
  'an empty TMPDIR': { env: { TMPDIR: '' } },
  'a folder full of traps': { cwd: traps() },
  'a folder that nobody can write to': { cwd: '/proc' },
  'umask 0': { shell: 'umask 0' },
  'umask 077': { shell: 'umask 077' },
  '64 open files': { way: 'works with 64 open files' },
  'no file may grow': { shell: 'ulimit -f 0' },
  'signals that are ignored': { shell: "trap '' INT TERM HUP PIPE" },
  'no standard input': { shell: 'exec <&-' },
}
const names = Object.keys(surroundings)
const runs = new Map<string, Promise<End>>()

/** The run of a surrounding; the next one is under way meanwhile. */
function runOf(index: number): Promise<End> {
  for (const name of names.slice(index, index + 2)) {
    if (runs.has(name)) continue
    const end = run(surroundings[name] as Surrounding)
    end.catch(() => undefined)
    runs.set(name, end)
  }
  return runs.get(names[index] as string) as Promise<End>
}

for (const [index, what] of names.entries()) {
  test(`guarantee:G35, SEC-01, guarantee:G32: it works with ${what}`, async () => {
    const { facts, errors, code, pids } = await runOf(index)
    assert.is(code, 0, errors)
    const { count, echo, modes } = facts.at(-1) ?? {}
    assert.equal([count, echo], [1000, 'grüße 蛇 Iı'], errors)
    const listensOnSocket = !['works over TCP', 'works by a pipe'].includes(surroundings[what]?.way ?? '')
    if (listensOnSocket) assert.equal(modes, [0o600, 0o700])
    await allGone(pids, 2000)
  })
}

// The folder of the socket has to be absolute, for Node and Python alike.
test('guarantee:G35: it works with a TMPDIR that is relative', async () => {
  const { code, errors } = await run({ env: { TMPDIR: '.' }, cwd: temporaryFolder() })
  assert.is(code, 0, errors)
})

test('API-01, guarantee:G35: a TMPDIR that is a file: the start fails at once, and says so', async () => {
  const { facts } = await run({ env: { ODD_TMPDIR: program }, way: 'leaves one error' })
  const { code, message } = facts.at(-1) ?? {}
  assert.is(code, 'worker_start_failed')
  assert.match(String(message), /no private folder.*ENOTDIR.*host-program\.ts.*TMPDIR/)
})

// These need the right to make namespaces, which containers often withhold.
const namespaces = spawnSync('unshare', ['-Urmpf', '--mount-proc', 'true']).status === 0
const whereNamespaces = namespaces ? test : test.skip

const full: [string, number, RegExp][] = [
  ['for a folder', 1, /no private folder.*ENOSPC.*TMPDIR/],
  ['for a socket', 2, /it could not listen/],
]
for (const [what, files, expected] of full) {
  whereNamespaces(
    `API-01, guarantee:G35: a TMPDIR without room ${what}: the start fails at once, and says so`,
    async () => {
      const folder = temporaryFolder()
      const mount = `mount -t tmpfs -o nr_inodes=${files} none '${folder}'`
      const { facts } = await runApart(['-Urm'], mount, 'leaves one error', { ODD_TMPDIR: folder })
      const { code, message } = facts.at(-1) ?? {}
      assert.is(code, 'worker_start_failed')
      assert.match(String(message), expected)
    },
  )
}

whereNamespaces('guarantee:G35: it works without /proc', async () => {
  const { code, facts, errors } = await runApart(['-Urm'], 'mount -t tmpfs none /proc', 'works')
  assert.is(code, 0, errors)
  assert.is(facts.at(-1)?.count, 1000)
})

whereNamespaces(
  'CLEAN-01, guarantee:G3: as the first process of a container: a lost worker leaves no zombie',
  async () => {
    const { code, facts, errors } = await runApart(['-Urpf', '--mount-proc'], ':', 'works as the first process')
    assert.is(code, 0, errors)
    assert.equal(facts.at(-1), { pid: 1, zombies: [] })
  },
)

// Cannot be had: Node collects no children but those it has started, and a killed guardian hands it the worker. An init
// process above Node does.
test.skip('CLEAN-01, guarantee:G3: as the first process of a container: a lost guardian leaves no zombie', async () => {
  const { facts } = await runApart(['-Urpf', '--mount-proc'], ':', 'loses its guardian as the first process')
  assert.equal(facts.at(-1)?.zombies, [])
})

test('CLEAN-03, CLEAN-04, guarantee:G32: hosts that start at the same moment share TMPDIR and nothing else', async () => {
  const folder = temporaryFolder()
  const hosts = await Promise.all(Array.from({ length: 3 }, () => run({ env: { TMPDIR: folder } })))
  assert.equal(
    hosts.map(({ code }) => code),
    [0, 0, 0],
  )
  assert.is(new Set(hosts.map(({ facts }) => facts.at(-1)?.address)).size, 3)
  assert.equal(
    readdirSync(folder).filter((name) => name.startsWith('snakepit')),
    [],
  )
})

/** Runs the program in namespaces of its own, after a command in there. */
function runApart(flags: readonly string[], before: string, way: string, env: object = {}): Promise<End> {
  const args = [...flags, 'sh', '-c', `${before} && exec "$@"`, 'sh', process.execPath, ...loader, program, way]
  return gathered(spawn('unshare', args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }))
}

/** A folder whose modules stand in for those of the standard library, where they can. */
function traps(): string {
  const folder = temporaryFolder()
  for (const name of ['json.py', 'typing.py', 'msgspec.py', 'sitecustomize.py', 'usercustomize.py', 'plain.py'])
    writeFileSync(join(folder, name), 'raise SystemExit(9)\n')
  for (const name of ['grpc', 'google', 'snakepit_bridge']) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, '__init__.py'), 'raise SystemExit(9)\n')
  }
  return folder
}

test.run()
