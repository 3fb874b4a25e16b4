import { ChaosError } from '../errors.ts'

/** What a write that failed comes to for the user. */
export function cannotWrite(path: string, error: unknown): ChaosError {
  const { code, message } = error as NodeJS.ErrnoException
  const hint =
    code === 'ENOSPC'
      ? 'the disk is full: free some space, or write elsewhere with --out'
      : 'check the folder and its permissions, or write elsewhere with --out'
  return new ChaosError('environment', `cannot write ${path}: ${message}`, { hint, cause: error })
}

/** @returns what `write` returns. @throws ChaosError naming `path` when it throws */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

/** The mode of a file that holds secrets of the scenario while a run lasts: nobody else may read it. */
export const PRIVATE = 0o600
