/** What the daemon says is wrong, without what dockerode puts around it: `(HTTP code 404) no such image - No such image: x `. */
export function daemonWords(error: unknown): string {
  const { message } = error as Error
  return message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
}

/** @returns the status of the daemon's answer, such as 404; undefined where it gave none. */
export function daemonStatus(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode
}
