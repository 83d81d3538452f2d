// Blots secrets out of lines of output: best effort, for the shapes in which they most often slip into logs.

const blot = '***'

/** Names whose values are secrets wherever they stand. A bare `token` is not among them: it is what models count. */
const names =
  'api[_-]?key|client[_-]?secret|secret[_-]?key|access[_-]?key(?:[_-]?id)?|private[_-]?key|(?:access|refresh|auth|id|session)[_-]?token|secret|passwd|password|pwd'

const rules: readonly (readonly [RegExp, string])[] = [
  // scheme://user:password@host
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@"']{1,512}@/gi, `$1${blot}@`],
  // Authorization: Bearer …, and the same in a dict
  [/\b((?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:[a-z]{1,16}\s{1,4})?)[^\s"',;]{4,}/gi, `$1${blot}`],
  [/\b(bearer\s{1,4})[a-z0-9._~+/-]{8,}=*/gi, `$1${blot}`],
  [/\b((?:set-)?cookie["']?\s{0,4}:\s{0,4}["']?)[^\s"'].{0,4096}/gi, `$1${blot}`],
  // name=value, "name": "value"; numbers and words of JSON are no secrets
  [
    new RegExp(
      `((?:^|[^a-z0-9])(?:[a-z0-9]{1,32}[_-]){0,4}(?:${names})["']?\\s{0,4}[=:]\\s{0,4}["']?)(?!(?:\\d+(?:\\.\\d+)?|true|false|none|null)(?:[\\s"',;&)}\\]]|$))[^\\s"',;&]{3,}`,
      'gi',
    ),
    `$1${blot}`,
  ],
  // …?key=…&sig=…
  [/([?&](?:key|sig|signature|token|auth)=)[^&\s"']{4,}/gi, `$1${blot}`],
  // Keys of well-known services, JSON Web Tokens, and what a private key begins with
  [
    /\b(?:sk-[\w-]{16,}|[srp]k_(?:live|test)_\w{10,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,}|xox[abeprs]-[\w-]{10,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)/g,
    blot,
  ],
  [/-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*/g, `-----BEGIN PRIVATE KEY----- ${blot}`],
]

/** The line without what looks like a secret. */
export function redact(line: string): string {
  let clean = line
  for (const [pattern, replacement] of rules) clean = clean.replace(pattern, replacement)
  return clean
}

const secretName = new RegExp(`(?:^|[^a-z0-9])(?:${names}|authorization|cookie)(?:$|[^a-z0-9])`, 'i')

/** The fields of a record, likewise: also what goes by the name of a secret. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' && secretName.test(name) ? blot : redactValue(value),
    ]),
  )
}

function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map(redactValue)
  return typeof value === 'object' && value !== null ? redactFields(value as Record<string, unknown>) : value
}
