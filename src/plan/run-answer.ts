/** Where the answer to a request for a run of an app says how it ended. */
export const EXIT_CODE_HEADER = 'x-chaos-exit-code'
