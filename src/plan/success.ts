/** Whether a status is an expected one: of the request's own list, or 200 to 399. */
export function isExpectedStatus(expected: readonly number[] | undefined, status: number): boolean {
  return expected ? expected.includes(status) : status >= 200 && status < 400
}
