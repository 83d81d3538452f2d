// A package index of our own, on loopback, that has exactly the packages it was given.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Starts an index.
 *
 * @param {readonly object[]} manifests one package.json each
 * @returns {Promise<{ url: string, integrity: (name: string) => string, forget: (name: string) => void,
 *   close: () => void }>} `forget` makes the index one that lacks a package
 */
export async function startRegistry(manifests) {
  const folder = mkdtempSync(join(tmpdir(), 'pit-registry-'))
  const packages = new Map(manifests.map((manifest) => [manifest.name, { manifest, tarball: pack(folder, manifest) }]))
  rmSync(folder, { recursive: true, force: true })
  const server = createServer((request, response) => {
    const [, name = '', file] = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.*))?$/.exec(decodeURIComponent(request.url)) ?? []
    const found = packages.get(name)
    if (!found) return response.writeHead(404).end('{"error":"not_found"}')
    if (file) return response.end(found.tarball)
    const { version } = found.manifest
    const dist = { integrity: integrityOf(found.tarball), tarball: `${url}/${name}/-/${version}.tgz` }
    response.end(
      JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...found.manifest, dist } } }),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${server.address().port}`
  return {
    url,
    integrity: (name) => integrityOf(packages.get(name).tarball),
    forget: (name) => packages.delete(name),
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function pack(folder, manifest) {
  const name = manifest.name.replaceAll(/\W/g, '-')
  mkdirSync(join(folder, name, 'package'), { recursive: true })
  writeFileSync(join(folder, name, 'package', 'package.json'), JSON.stringify(manifest))
  execFileSync('tar', ['-czf', `../${name}.tgz`, 'package'], { cwd: join(folder, name) })
  return readFileSync(join(folder, `${name}.tgz`))
}

function integrityOf(bytes) {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`
}
