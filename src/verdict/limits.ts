/** Numbers that verdicts hang on, each with its reason. */

/**
 * The fewest requests on which a claim about every request, or one that silence would satisfy, can pass. Such claims are
 * judged exactly, not by an interval, so nothing else keeps a phase with one lucky request from passing.
 */
export const MIN_EXACT = 5

/**
 * How late, in ms, the 99th percentile of the requests may be sent after their due time. Beyond it more than 1 % of the
 * load was not what was asked. Ten times the lag of a healthy generator on two shared cores.
 */
export const LATE_LIMIT = 50

/** How late, in ms, the 99th percentile of the stub's answers may be: its service times would not be those asked. */
export const STUB_LAG_LIMIT = 50

/** The share of a phase's planned requests that may be missing from the records. */
export const MISSING_LIMIT = 0.01

/** The window, in ms, over which `recovers_within` looks for the baseline's success. */
export const WINDOW = 500

/** How far a window may stay below the baseline's success and still hold it. */
export const WINDOW_SLACK = 0.02

/** A window this unlikely under the baseline (with its slack) has relapsed; small, since a phase has many windows. */
export const RELAPSE_CHANCE = 0.001

/** The fewest requests per window, on average: with fewer, one failure is more than a window may lose, and a window without any says little. */
export const WINDOW_REQUESTS = 20

/** The least success of a baseline that is worth recovering to; below it a broken system would count as recovered. */
export const BASELINE_LEAST = 0.5

/** How many windows must follow the asked time, so that "all later windows hold" says something. */
export const WINDOWS_AFTER = 2
