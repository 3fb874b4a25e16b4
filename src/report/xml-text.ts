import { stripVTControlCharacters } from 'node:util'

/** All but the characters that XML 1.0 can hold: they have no escape, so a document with one is no XML. @see XML 1.0, 2.2 [2] Char */
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** Text that may stand in an XML document (`renderXml` escapes markup); colours of logs go, not only their escape character. */
export function xmlText(text: string): string {
  return stripVTControlCharacters(text.toWellFormed()).replace(NOT_XML, '')
}
