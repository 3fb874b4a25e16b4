import { randomUUID } from 'node:crypto'

/** The header of an answer that no caller gets: the door before the hop resets the connection in its place. */
export const RESET_HEADER = 'x-chaos-reset'
/** Its value, of this process, which serves the stub as well as the door: no scenario and no body can hold it. */
export const RESET_MARK = randomUUID()
