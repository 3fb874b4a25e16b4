import { Document, isScalar, visit } from 'yaml'
import type { Comments } from './settings.ts'

/** YAML with a comment above each key that has one, and one at the top. */
export function commented(value: unknown, comments: Comments, top: readonly string[] = []): string {
  const document = new Document(value)
  visit(document, {
    Pair(_, { key }) {
      const comment = isScalar(key) ? comments[String(key.value)] : undefined
      if (comment !== undefined && isScalar(key)) key.commentBefore = ` ${comment}`
    },
  })
  const text = document.toString({ lineWidth: 0 })
  return [...top.map((line) => `# ${line}\n`), text].join('')
}
