/** An element with child elements, or with text. */
export interface Element {
  tag: string
  attributes: Readonly<Record<string, string | number>>
  content?: readonly Element[] | string
}

/** A document; its texts must have been through `xmlText`. */
export function renderXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${render(root, '')}`
}

function render({ tag, attributes, content = '' }: Element, indent: string): string {
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
  const head = `${indent}<${tag}${named.join('')}`
  if (content.length === 0) return `${head}/>`
  if (typeof content === 'string') return `${head}>${cdata(content)}</${tag}>`
  return [`${head}>`, ...content.map((child) => render(child, `${indent}  `)), `${indent}</${tag}>`].join('\n')
}

/** A reader makes spaces of the line breaks and tabs of an attribute unless they are written as numbers. */
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;', '\t': '&#x9;', '\n': '&#xA;', '\r': '&#xD;' }

const escaped = (text: string) => text.replace(/[&<"\t\n\r]/g, (character) => ESCAPES[character] as string)

/** Text as it is; only its own end may not stand in it. */
const cdata = (text: string) => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
