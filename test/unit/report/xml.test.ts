import { expect, test } from 'vitest'
import { renderXml } from '../../../src/report/xml.ts'

test('elements, attributes and text keep what they hold', () => {
  const content = [
    { tag: 'empty', attributes: { n: 1 } },
    { tag: 'text', attributes: {}, content: '<b> & ]]> "c"' },
  ]
  expect(renderXml({ tag: 'root', attributes: { a: '<"&\t\r\n\'>' }, content })).toBe(
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<root a="&lt;&quot;&amp;&#x9;&#xD;&#xA;\'>">',
      '  <empty n="1"/>',
      '  <text><![CDATA[<b> & ]]]]><![CDATA[> "c"]]></text>',
      '</root>',
    ].join('\n'),
  )
})
