/** What the daemon says is wrong, without what dockerode puts around it: `(HTTP code 404) no such image - No such image: x `. */
export function daemonWords(error: unknown): string {
  const { message } = error as Error
  return message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim()
}

/** @returns the status of the daemon's answer, such as 404; undefined where it gave none. */
export function daemonStatus(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode
}

/** @returns a hint where there is a way out of what the daemon says that holds for all that it was asked for */
export function wayOutOf(words: string): { hint?: string } {
  if (!/no space left on device/.test(words)) return {}
  return {
    hint: 'the disk of the Docker daemon is full: `docker system df` shows what takes it, `docker image prune` removes images without a name',
  }
}
