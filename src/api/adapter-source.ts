// What `adapter` means: a file or a module of tools, and perhaps one class in it.
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shorten } from '../errors/expectation.js'
import { unexpected } from '../errors/invalid-option.js'
import { SnakepitError } from '../errors/snakepit-error.js'
import type { AdapterSettings } from '../worker/worker-settings.js'

const form =
  "a Python file ('./tools.py', './tools.py:Class', a file URL) or a module ('package.module', 'package.module:Class')"
const modulePath = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u
/** No system has longer paths. */
const longest = 4096
const withAttribute = /^(?<source>.+?):(?<attribute>[\p{L}_][\p{L}\p{N}_]*)$/u

/** Resolves the option `adapter`. Throws `invalid_option` when it names no file that exists and no possible module. */
export function resolveAdapter(adapter: unknown, cwd: string): AdapterSettings {
  const written = adapter instanceof URL ? pathOf(adapter) : adapter
  if (typeof written !== 'string' || written.trim() === '' || written.length > longest || written.includes('\0'))
    throw unexpected('adapter', form, adapter)
  const { source = written, attribute } = withAttribute.exec(written)?.groups ?? {}
  if (!source.endsWith('.py') && !/[/\\]/.test(source)) {
    if (!modulePath.test(source)) throw unexpected('adapter', form, adapter)
    return Object.freeze({ written, source: { module: source }, attribute })
  }
  const file = resolve(cwd, source)
  if (!existsSync(file)) throw missing(written, file)
  if (!statSync(file).isFile()) throw noFile(written, file, instead(file, source))
  return Object.freeze({ written, source: { file }, attribute })
}

/** What a folder may be meant for. */
function instead(folder: string, source: string): string {
  const init = '__init__.py'
  return existsSync(join(folder, init)) ? `: a package's tools are those of '${source.replace(/\/$/, '')}/${init}'` : ''
}

function pathOf(url: URL): string {
  if (url.protocol !== 'file:') throw unexpected('adapter', form, url.href)
  try {
    return fileURLToPath(url) + url.hash.replace('#', ':')
  } catch (cause) {
    throw unexpected('adapter', form, url.href, cause)
  }
}

function noFile(written: string, file: string, instead: string): SnakepitError {
  return new SnakepitError('invalid_option', `\`adapter\` names ${shorten(file, 400)}, which is no file${instead}`, {
    details: { option: 'adapter', value: written, file },
  })
}

function missing(written: string, file: string): SnakepitError {
  return new SnakepitError(
    'invalid_option',
    `the adapter file '${shorten(written, 400)}' does not exist (looked at ${shorten(file, 400)})`,
    {
      details: { option: 'adapter', value: written, file },
    },
  )
}
