import { describe, expect, test } from 'vitest'
import { checkTogether, readCommand, readImage, readPath, readPort, readUpstream } from '../../../src/init/answers.ts'

const ALONE = { app: false, alone: true }
const ONE_OF_TWO = { app: false, alone: false }
const WITH_APP = { app: true, alone: true }

describe('an upstream', () => {
  test.each([
    ['inventory', ALONE, { prefix: '/' }],
    ['inventory', ONE_OF_TWO, { prefix: '/inventory' }],
    ['inventory=/items', ALONE, { prefix: '/items' }],
    ['inventory', WITH_APP, { variables: ['INVENTORY_URL'] }],
    ['inventory=STOCK', WITH_APP, { variables: ['STOCK'] }],
    ['inventory=STOCK_HOST,STOCK_PORT', WITH_APP, { variables: ['STOCK_HOST', 'STOCK_PORT'] }],
    ['inventory=http://stock.internal:8080/v2', WITH_APP, { host: 'stock.internal:8080' }],
    ['inventory=http://stock:80', WITH_APP, { host: 'stock' }],
  ])('%s, of %j, is come to by %j', (text, of, by) => {
    expect(readUpstream(text, of)).toEqual({ name: 'inventory', by })
  })

  test.each([
    ['my service!', ALONE, 'got "my service!"', 'did you mean "my-service"?'],
    ['café', ALONE, 'got "café"', 'did you mean "cafe"?'],
    ['-x', ALONE, 'got "-x"', 'did you mean "x"?'],
    ['a\nb: c', ALONE, 'got "a\\nb: c"', 'did you mean "a-b-c"?'],
    ['x'.repeat(61), ALONE, 'at most 60', `did you mean "${'x'.repeat(60)}"?`],
    ['constructor', ALONE, 'taken by JavaScript', undefined],
    ['', ALONE, 'got ""', undefined],
    ['inventory=INVENTORY_URL', ALONE, 'without an app nobody reads "INVENTORY_URL"', 'inventory=/inventory'],
    ['inventory=http://x', ALONE, 'without an app nobody reads "http://x"', 'inventory=/inventory'],
    ['inventory=/items?x=1', ALONE, 'has no query', 'write /items'],
    ['inventory=/items', WITH_APP, 'says nothing', 'inventory=INVENTORY_URL'],
    ['inventory=stock-url', WITH_APP, 'got "stock-url"', 'did you mean STOCK_URL?'],
    ['inventory=A: {b', WITH_APP, 'got "A: {b"', 'did you mean A_B?'],
    ['1st', WITH_APP, 'got "1ST_URL"', 'did you mean ST_URL?'],
    ['inventory=https://stock', WITH_APP, 'without TLS', 'NAME=VARIABLE'],
    ['inventory=http://localhost:80', WITH_APP, 'no app asks its proxy for localhost', 'NAME=VARIABLE'],
    ['inventory=http://', WITH_APP, 'expected a URL such as', undefined],
  ])('%j, of %j, is refused, with what comes next to it', (text, of, message, hint) => {
    expect(() => readUpstream(text, of)).toThrow(refusal(message, hint))
  })

  test('is given once, by a variable of its own, and with at most nine others', () => {
    const upstreams = (...texts: string[]) => ({ app: undefined, upstreams: texts.map((text) => readUpstream(text, WITH_APP)) })
    expect(() => checkTogether(upstreams('a', 'b', 'a=X'))).toThrow(refusal('the upstream "a" is given twice', 'names must differ'))
    expect(() => checkTogether(upstreams('a=X', 'b=X'))).toThrow(refusal('the variable X is given twice', 'of a and b each has its own'))
    expect(() => checkTogether(upstreams(...Array.from({ length: 11 }, (_, i) => `u${i}`)))).toThrow(refusal('at most 10', 'later'))
    expect(() => checkTogether(upstreams(...Array.from({ length: 10 }, (_, i) => `u${i}`)))).not.toThrow()
  })
})

test('the command of an app is one line, or its words', () => {
  expect(readCommand(['node ./shop.mjs'])).toEqual(['node', './shop.mjs'])
  expect(readCommand(['node', 'a file.mjs', '$HOME'])).toEqual(['node', 'a file.mjs', '$HOME'])
  expect(() => readCommand([' '])).toThrow(refusal('got nothing', undefined))
})

test.each([
  [readPort, '8080', 8080],
  [readImage, 'registry.example:5000/shop:1.4', 'registry.example:5000/shop:1.4'],
  [readPath, '/items/42?x=1', '/items/42?x=1'],
])('%o reads %s', (read, text, value) => {
  expect(read(text)).toBe(value)
})

test.each([
  [readPort, '0', 'expected a port from 1 to 65535, got "0"', undefined],
  [readPort, '65536', 'expected a port', undefined],
  [readPort, '80a', 'expected a port', undefined],
  [readImage, 'Shop:1', 'expected the name of an image', 'did you mean "shop:1"?'],
  [readImage, 'https://registry.example/shop', 'expected the name of an image', 'did you mean "registry.example/shop"?'],
  [readPath, 'items', 'expected a path', 'did you mean "/items"?'],
  [readPath, 'http://x/items', 'expected a path', 'did you mean "/items"?'],
  [readPath, '/a b', 'expected a path', 'did you mean "/a%20b"?'],
  [readPath, '/a%20\n', 'expected a path', 'did you mean "/a%20%0A"?'],
])('%o refuses %j, with what comes next to it', (read, text, message, hint) => {
  expect(() => read(text)).toThrow(refusal(message, hint))
})

const refusal = (message: string, hint: string | undefined) =>
  expect.objectContaining({
    kind: 'badInput',
    message: expect.stringContaining(message),
    hint: hint === undefined ? undefined : expect.stringContaining(hint),
  })
