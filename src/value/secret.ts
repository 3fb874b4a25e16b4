const NAMES = new Set(['authorization', 'proxy-authorization', 'authentication', 'cookie', 'set-cookie'])
const PARTS =
  /(^|[-_.])(auth|token|secret|passwd|password|credentials?|session|signature|api[-_]?key|access[-_]?key|private[-_]?key)([-_.]|$)/i

/** Whether a header's value must not be shown: `authorization`, `x-api-key`, `x-auth-token` and the like. */
export function isSecretHeader(name: string): boolean {
  return NAMES.has(name.toLowerCase()) || PARTS.test(name)
}
