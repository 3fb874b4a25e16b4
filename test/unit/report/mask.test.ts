import { expect, test } from 'vitest'
import { masker, maskHeaders, secretsIn, secretValues } from '../../../src/report/mask.ts'
import { isSecretHeader } from '../../../src/value/secret.ts'
import { scenario } from './sample-run.ts'

test.each([
  'authorization',
  'Authorization',
  'proxy-authorization',
  'cookie',
  'Set-Cookie',
  'x-api-key',
  'apikey',
  'X-Auth-Token',
  'x-amz-security-token',
  'x-csrf-token',
  'x-session',
  'client-secret',
])('%s is secret', (name) => expect(isSecretHeader(name)).toBe(true))

test.each(['x-user', 'x-request-id', 'author', 'x-tokens-left', 'x-author', 'content-type', 'x-monkey', 'idempotency-key'])(
  '%s is not',
  (name) => expect(isSecretHeader(name)).toBe(false),
)

test('only secret values are masked, and no name', () => {
  expect(maskHeaders({ Cookie: 'a=b', 'x-user': 'jason' })).toEqual({ Cookie: '***', 'x-user': 'jason' })
})

test('a scenario can hold secrets in five places', () => {
  const headers = (value: string) => ({ authorization: value, 'x-user': 'jason' })
  const holder = scenario({
    upstreams: { a: { respond: { status: 200, headers: headers('in-upstream') } } },
    envoy: { clusters: {}, routes: [{ match: { prefix: '/', headers: headers('in-route') }, cluster: 'a' }] },
    load: { requests: [{ headers: headers('in-load') }] },
    phases: [
      {
        faults: [{ when: { header: { authorization: { op: 'exact', text: 'in-fault' }, 'x-user': { op: 'exact', text: 'jason' } } } }, {}],
      },
    ],
    expect: [{ given: { header: headers('in-expect') } }, {}],
  })
  expect(secretValues(holder).filter((value) => !value.includes(':'))).toEqual([
    'in-upstream',
    'in-route',
    'in-load',
    'in-fault',
    'in-expect',
  ])
})

test('what apps and containers are told, and what images are built with, may be secret too', () => {
  const told = (value: string) => ({ DB_PASSWORD: value, PLAIN: 'shown' })
  const holder = scenario({
    upstreams: { a: { env: told('of-upstream'), build: { context: '.', args: told('of-build') } }, b: { build: './b' } },
    load: {},
    app: { env: told('of-app'), build: { context: '.', args: told('of-app-build') } },
  })
  expect(secretValues(holder).filter((value) => !value.includes(':'))).toEqual(['of-upstream', 'of-build', 'of-app', 'of-app-build'])
})

test('an argument of a build is secret as it is written and as it is given, by its own name or by that of its variable', () => {
  const args = { NPM_TOKEN: `\${REGISTRY_LOGIN:-none}`, LOGIN: `\${NPM_SECRET:-}`, PLAIN: `\${SHOWN:-shown}` }
  const holder = scenario({ upstreams: { a: { build: { context: '.', args } } }, load: {} })
  const mask = masker(secretValues(holder, { REGISTRY_LOGIN: 'of-argument', NPM_SECRET: 'of-variable', SHOWN: 'plain' }))
  expect(mask(`of-argument, \${REGISTRY_LOGIN:-none}, of-variable and plain`)).toBe('***, ***, *** and plain')
})

test('a password in an address is secret whatever the variable is called; a short one only where it stands', () => {
  const mask = masker(secretsIn({ DB_URL: 'postgres://shop:hunter2@db/items', CACHE_URL: 'redis://:abc@cache', PAGE: 'http://host:80/@x' }))
  expect(mask('postgres://shop:hunter2@db/items hunter2')).toBe('postgres://shop:***@db/items ***')
  expect(mask('redis://:abc@cache abc http://host:80/@x')).toBe('redis://***cache abc http://host:80/@x')
})

test('the parts of a credential are secret on their own', () => {
  const mask = masker(secretsIn({ authorization: 'Bearer s3cr3t-t0ken', cookie: 'sid=0123456789; theme=dark' }))
  expect(mask('Bearer s3cr3t-t0ken, then s3cr3t-t0ken, sid=0123456789; theme=dark, and 0123456789 on a dark theme')).toBe(
    '***, then ***, ***, and *** on a dark theme',
  )
})

test('a value that is the start of another leaves no tail of it', () => {
  expect(masker(['abcd', 'abcdefgh'])('abcdefgh abcd')).toBe('*** ***')
})

test('a value of a few letters is masked beside its name, and not hunted elsewhere', () => {
  expect(masker(secretsIn({ cookie: 'a' }))('a cat, given header cookie: a')).toBe('a cat, given header ***')
})
