// A package index of our own, on loopback, that has exactly the packages it was given.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Starts an index.
 *
 * @param {readonly { manifest: any, folder?: string }[]} published what it has: a package.json each, and the folder that
 *   it stands in; without one, the package.json is all there is
 * @returns {Promise<{ url: string, integrity: (name: string) => string, forget: (name: string) => void,
 *   close: () => void }>} `forget` makes the index one that lacks a package
 */
export async function startRegistry(published) {
  const scratch = mkdtempSync(join(tmpdir(), 'pit-registry-'))
  const packages = new Map()
  for (const { manifest, folder } of published) {
    const versions = packages.get(manifest.name) ?? new Map()
    versions.set(manifest.version, { manifest, tarball: pack(scratch, manifest, folder) })
    packages.set(manifest.name, versions)
  }
  rmSync(scratch, { recursive: true, force: true })
  const server = createServer((request, response) => {
    const [, name = '', file = ''] =
      /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.*)\.tgz)?$/.exec(decodeURIComponent(request.url ?? '')) ?? []
    const versions = packages.get(name)
    if (!versions) return response.writeHead(404).end('{"error":"not_found"}')
    if (file) return response.end(versions.get(file).tarball)
    const entries = [...versions].map(([version, { manifest, tarball }]) => {
      const dist = { integrity: integrityOf(tarball), tarball: `${url}/${name}/-/${version}.tgz` }
      return [version, { ...manifest, dist }]
    })
    const latest = [...versions.keys()].at(-1)
    response.end(JSON.stringify({ name, 'dist-tags': { latest }, versions: Object.fromEntries(entries) }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    integrity: (name) => integrityOf([...packages.get(name).values()][0].tarball),
    forget: (name) => packages.delete(name),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function pack(scratch, manifest, folder) {
  const place = mkdtempSync(join(scratch, 'one-'))
  if (folder) symlinkSync(folder, join(place, 'package'))
  else {
    mkdirSync(join(place, 'package'))
    writeFileSync(join(place, 'package', 'package.json'), JSON.stringify(manifest))
  }
  execFileSync('tar', ['-chzf', 'package.tgz', '--exclude', 'package/node_modules', 'package'], { cwd: place })
  return readFileSync(join(place, 'package.tgz'))
}

function integrityOf(bytes) {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`
}
