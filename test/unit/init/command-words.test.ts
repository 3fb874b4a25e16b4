import { expect, test } from 'vitest'
import { commandWords } from '../../../src/init/command-words.ts'

test.each([
  ['node ./shop.mjs', ['node', './shop.mjs']],
  ['  node\t./shop.mjs  --port 1 ', ['node', './shop.mjs', '--port', '1']],
  [`sh -c 'cd shop && exec npm start'`, ['sh', '-c', 'cd shop && exec npm start']],
  [`say "a \\"b\\" \\c"`, ['say', 'a "b" \\c']],
  [`a'b'"c"d ''`, ['abcd', '']],
  ['a\\ b \\"', ['a b', '"']],
  [`serve \${app.port}`, ['serve', `\${app.port}`]],
  ['', []],
])('%j has the words %j', (line, words) => {
  expect(commandWords(line)).toEqual(words)
})

test.each([
  ['cd shop && npm start', 'no shell reads the command, so "&"', `sh -c 'cd shop && npm start'`],
  ['node x.mjs > log', 'so ">"', 'in quotes'],
  ['node $SCRIPT', 'so "$"', 'sh -c'],
  ['PORT=1 node x.mjs', 'expected a program, and no shell reads the command, got "PORT=1"', 'app.env'],
  ["node 'x.mjs", 'the quote \' in "node \'x.mjs" is not closed', undefined],
])('%j is refused, since no shell reads it', (line, message, hint) => {
  expect(() => commandWords(line)).toThrow(
    expect.objectContaining({
      kind: 'badInput',
      message: expect.stringContaining(message),
      hint: hint === undefined ? undefined : expect.stringContaining(hint),
    }),
  )
})
