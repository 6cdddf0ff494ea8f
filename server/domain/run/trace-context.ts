/** Ids of W3C trace context, level 1: the run is the trace; a run and an attempt are spans named by the half of their id. */

export const traceIdOf = (runId: string): string => runId.replaceAll('-', '')

/** @param id of a run or an attempt */
export const spanIdOf = (id: string): string => id.replaceAll('-', '').slice(0, 16)

/** What the code of an attempt is given as TRACEPARENT. */
export const traceparentOf = (runId: string, attemptId: string): string =>
  `00-${traceIdOf(runId)}-${spanIdOf(attemptId)}-01`
