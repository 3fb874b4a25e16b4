import { describe, expect, test } from 'vitest'
import { hideSecrets } from '../../../src/evidence/hide-secrets.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'

const scenario = (requests: string, more = '') =>
  parseScenario(
    `name: with s3cr3t-token-1
upstreams: { shop: { respond: { headers: { set-cookie: c00kie-value-2 } } } }
load: { rate: 100/s, requests: [${requests}] }
phases: [{ name: s3cr3t-token-1, for: 5s${more} }]
expect: [{ success_rate: ">= 50%", given: { header: { authorization: s3cr3t-token-1 } } }]
`,
    'test.yaml',
    () => '',
  )

const requestsIn = (document: unknown) => (document as { load: { requests: { headers: object }[] } }).load.requests

describe('a stored scenario', () => {
  test('has equal placeholders for equal secrets, whatever the spelling, and different ones for others', () => {
    const { document } = hideSecrets(
      scenario(`{ GET: /a, headers: { authorization: s3cr3t-token-1 } },
  { GET: /b, headers: { Authorization: "s3cr3t\\x2dtoken-1" } },
  { GET: /c, headers: { authorization: 's3cr3t-token-9' } },
  { GET: /d, headers: { x-user: jason } }`),
    )
    expect(requestsIn(document).map(({ headers }) => headers)).toEqual([
      { authorization: '***2' },
      { Authorization: '***2' },
      { authorization: '***3' },
      { 'x-user': 'jason' },
    ])
    expect(document).toMatchObject({
      upstreams: { shop: { respond: { headers: { 'set-cookie': '***1' } } } },
      expect: [{ given: { header: { authorization: '***2' } } }],
    })
  })

  test('has none in the condition of a fault, in either spelling, and keeps paths and expressions', () => {
    const { document } = hideSecrets(
      scenario(
        '{ GET: /s3cr3t-token-1, headers: { authorization: s3cr3t-token-1, x-user: s3cr3t-token-1 } }',
        `, faults: [{ cluster: shop, abort: 503, when: { header: { authorization: { exact: s3cr3t-token-1 }, x-user: s3cr3t-token-1 }, path: { exact: /s3cr3t-token-1 } } },
  { cluster: shop, abort: 503, when: { header: { Authorization: s3cr3t-token-1 }, path: { regex: /s3cr3t-token-.* } } }]`,
      ),
    )
    const faults = (document as { phases: { faults: unknown[] }[] }).phases[0]?.faults
    expect(faults).toMatchObject([
      { when: { header: { authorization: { exact: '***2' }, 'x-user': '***2' }, path: { exact: '/s3cr3t-token-1' } } },
      { when: { header: { Authorization: '***2' }, path: { regex: '/s3cr3t-token-.*' } } },
    ])
    expect(requestsIn(document)[0]?.headers).toEqual({ authorization: '***2', 'x-user': '***2' })
  })

  test('has none in other text, but keeps what the logs know a thing by', () => {
    const { document } = hideSecrets(
      scenario('{ name: "of s3cr3t-token-1", POST: /a, body: "x s3cr3t-token-1 x", headers: { authorization: s3cr3t-token-1 } }'),
    )
    expect(document).toMatchObject({
      name: 'with ***2',
      load: { requests: [{ name: 'of ***2', body: 'x ***2 x' }] },
      // Its faults are called after it.
      phases: [{ name: 's3cr3t-token-1' }],
    })
  })

  test('keeps a short value out of its own place only', () => {
    const { document, text } = hideSecrets(scenario('{ GET: /shop, headers: { authorization: s3cr3t-token-1, x-token: sh } }'))
    expect(requestsIn(document)[0]).toEqual({ GET: '/shop', headers: { authorization: '***2', 'x-token': '***3' } })
    expect(text('shop')).toBe('shop')
  })

  test('takes the same secrets out of the bodies of answers', () => {
    const { text } = hideSecrets(scenario('{ GET: /a, headers: { authorization: s3cr3t-token-1, cookie: Bearer s3cr3t-part-5 } }'))
    expect(text('{"token":"s3cr3t-token-1"}')).toBe('{"token":"***2"}')
    expect(text('{"token":"s3cr3t-part-5"}')).toBe('{"token":"***"}')
    expect(text('nothing of it')).toBe('nothing of it')
  })
})
