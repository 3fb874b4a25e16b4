import { describe, expect, test } from 'vitest'
import { describeTest, fulfils, METHOD, PATH, type RequestTest } from '../../../src/fault/when.ts'

// That Envoy sees it so, too: test/integration/conditions.test.ts.

const isFor = (test: RequestTest, value: string | null) => fulfils({ [test.name]: value }, [test])

describe('of a path the query is left out', () => {
  test.each([
    ['/items', true],
    ['/items?', true],
    ['/items?a=b?c', true],
    ['/items/', false],
    ['/items/42', false],
    ['/x?/items', false],
  ])('/items is asked for, %s came: %s', (came, is) => {
    expect(isFor({ name: PATH, op: 'exact', text: '/items' }, came)).toBe(is)
    expect(isFor({ name: PATH, op: 'regex', text: '/items' }, came)).toBe(is)
  })

  test('what is an operator in an expression is itself in a path', () => {
    const path = '/a.b(c)[d]{e}*f+g|h^i$j\\k'
    expect(isFor({ name: PATH, op: 'exact', text: path }, `${path}?x`)).toBe(true)
    expect(isFor({ name: PATH, op: 'exact', text: '/a.b' }, '/axb')).toBe(false)
  })

  test('an alternative of an expression is one of the whole path', () => {
    const either = { name: PATH, op: 'regex', text: '/a|/b' } as const
    expect(['/a', '/b?c', '/ab', '/a/b'].map((came) => isFor(either, came))).toEqual([true, true, false, false])
  })
})

test('a header that is not there is neither empty nor anything else', () => {
  const tests = [
    { name: 'x', op: 'exact', text: '' },
    { name: 'x', op: 'regex', text: '.*' },
    { name: 'x', op: 'present' },
  ] as const
  for (const each of tests) expect([isFor(each, null), isFor(each, '')]).toEqual([false, true])
  expect([isFor({ name: 'x', op: 'absent' }, null), isFor({ name: 'x', op: 'absent' }, '')]).toEqual([true, false])
})

test('all of several must be so, and none is asked of anything', () => {
  const when = [
    { name: METHOD, op: 'exact', text: 'POST' },
    { name: 'x-user', op: 'prefix', text: 'ja' },
  ] as const
  expect(fulfils({ [METHOD]: 'POST', 'x-user': 'jason' }, when)).toBe(true)
  expect(fulfils({ [METHOD]: 'GET', 'x-user': 'jason' }, when)).toBe(false)
  expect(fulfils({ [METHOD]: 'POST' }, when)).toBe(false)
  expect(fulfils({}, [])).toBe(true)
})

test('a condition is told as it is written', () => {
  const tests: RequestTest[] = [
    { name: 'x-user', op: 'exact', text: 'jason' },
    { name: 'x-user', op: 'absent' },
    { name: PATH, op: 'prefix', text: '/items' },
    { name: PATH, op: 'regex', text: '/items/[0-9]+' },
    { name: METHOD, op: 'exact', text: 'POST' },
  ]
  expect(tests.map(describeTest)).toEqual([
    'x-user: jason',
    'x-user: { absent: true }',
    'path: { prefix: /items }',
    'path: { regex: "/items/[0-9]+" }',
    'method: POST',
  ])
})
