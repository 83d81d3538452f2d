// Secrets in lines of output: the shapes that are blotted out, and the words that only look like them.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { redact, redactFields } from '../../src/worker/redact.js'

// Put together at run time: these are no secrets, but tools that look for secrets cannot know.
const key = (...parts: string[]) => parts.join('')
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

const secrets: [string, string][] = [
  ['connecting to postgres://admin:hunter2@db.local:5432/app', 'hunter2'],
  ['cloning https://x-access-token@git.example/repo', 'x-access-token'],
  ['Authorization: Bearer abcdef123456', 'abcdef123456'],
  [`{'Authorization': 'Basic dXNlcjpwYXNz'}`, 'dXNlcjpwYXNz'],
  ['curl -H "authorization: token 0123456789abcdef"', '0123456789abcdef'],
  ['using bearer abc.def-ghi_jkl', 'abc.def-ghi_jkl'],
  ['Cookie: session=abc; theme=dark', 'abc'],
  ['set-cookie: sid=31415926; HttpOnly', '31415926'],
  ['api_key=abc123def', 'abc123def'],
  ['OPENAI_API_KEY=abc123def', 'abc123def'],
  ['{"client_secret": "s3cr3t-value"}', 's3cr3t-value'],
  [`password: 'correct horse'`, 'correct'],
  ['aws_secret_access_key = wJalrXUtnFEMI', 'wJalrXUtnFEMI'],
  ['refresh-token=1//0abc', '1//0abc'],
  ['GET /v1?key=AbCd1234&q=cats', 'AbCd1234'],
  ['https://blob.example/x?sv=1&sig=Zm9vYmFy', 'Zm9vYmFy'],
  [`sent ${key('sk', '-', 'proj-', letters)}`, letters],
  [key('gh', 'p_', letters), letters],
  [key('AK', 'IA', 'IOSFODNN7EXAMPLE'), 'IOSFODNN7EXAMPLE'],
  [key('xo', 'xb-', '1234567890-', letters), letters],
  [key('hf', '_', letters), letters],
  [key('ey', 'JhbGciOiJIUzI1NiJ9.', 'eyJzdWIiOiIxMjM0In0.', 'c2lnbmF0dXJl'), 'c2lnbmF0dXJl'],
  ['-----BEGIN RSA PRIVATE KEY----- MIIEow', 'MIIEow'],
]
for (const [line, secret] of secrets) {
  test(`SEC-05: blotted out: ${line.slice(0, 50)}`, () => {
    const clean = redact(line)
    assert.not.ok(clean.includes(secret), clean)
    assert.ok(clean.includes('***'), clean)
  })
}

const harmless = [
  'max_tokens=4096, tokens: 12, token: hello',
  'password: null, api_key=None, secret=false',
  'loading sk-learn model, task-1 done',
  'see https://example.org/path?page=2&sort=asc#top',
  'mail to somebody@example.org',
  'the secretary passed words: yes',
  'epoch 1/10 loss=0.123 key=value author: me',
  'File "/srv/app/keys.py", line 3, in bearer',
]
for (const line of harmless) {
  test(`SEC-05: left alone: ${line}`, () => {
    assert.is(redact(line), line)
  })
}

test('SEC-05: the words around a secret stay', () => {
  assert.is(
    redact('GET https://u:p@h.example/?token=abcdef&x=1 with password=pw123 done'),
    'GET https://***@h.example/?token=***&x=1 with password=*** done',
  )
})

test('SEC-05: no line takes long, whatever is in it', () => {
  const hostile = ['a://', 'authorization: ', '_-'.repeat(4), 'x_', 'api_', 'eyJa.', '?key=', 'cookie:', ' ', '"']
  const began = performance.now()
  for (const piece of hostile) redact(piece.repeat(Math.ceil(8192 / piece.length)))
  assert.ok(performance.now() - began < 1000, `${performance.now() - began} ms`)
})

test('SEC-05: fields are blotted out by name and by shape, however deep', () => {
  const fields = { user: 'ada', db_password: 'x', count: 3, nested: { list: ['Bearer abcdefghij', { api_key: 'y' }] } }
  assert.equal(redactFields(fields), {
    user: 'ada',
    db_password: '***',
    count: 3,
    nested: { list: ['Bearer ***', { api_key: '***' }] },
  })
})

test.run()
