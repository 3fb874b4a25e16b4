/**
 * For `test.skipIf(...)`: true where something that a test needs is missing on a developer's machine, with a line on
 * stderr, so that a skipped test is never mistaken for a passed one. In CI (`CI=true`) what is missing is a failure.
 *
 * @param missing - what is wrong, or undefined when the need is met.
 */
export function needs(what: string, missing: string | undefined): boolean {
  if (missing === undefined) return false
  if (process.env.CI === 'true') throw new Error(`this test needs ${what}: ${missing}; in CI that is a failure, not a reason to skip`)
  process.stderr.write(`SKIPPED, because it needs ${what}: ${missing}\n`)
  return true
}
