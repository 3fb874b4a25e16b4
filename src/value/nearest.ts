/** Names longer than this are never typos of ours; comparing them would cost time for nothing. */
const LONGEST_NAME = 80

/**
 * The known name that a misspelt one was probably meant to be.
 *
 * @returns undefined when nothing is near: a wrong suggestion is worse than none.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > LONGEST_NAME) return undefined
  const wanted = fold(word)
  let best: { name: string; distance: number } | undefined
  for (const name of known) {
    if (name.length > LONGEST_NAME) continue
    const distance = editDistance(wanted, fold(name))
    if (distance <= tolerance(Math.max(wanted.length, name.length)) && (best === undefined || distance < best.distance))
      best = { name, distance }
  }
  return best?.name
}

/** `did you mean "x"?` for the nearest name; undefined when none is near. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const name = nearest(word, known)
  return name === undefined ? undefined : `did you mean "${name}"?`
}

/** Case and separators are what people get wrong most. */
const fold = (text: string) => text.toLowerCase().replace(/[-_ ]/g, '_')

const tolerance = (length: number) => (length <= 2 ? 0 : length <= 4 ? 1 : length <= 7 ? 2 : 3)

/** Optimal string alignment: insertions, deletions, replacements, and swaps of neighbours count 1 each. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
