/** A database that cannot be asked: it is away, is starting, has no connection (R14) or no disk left (R15). */

/** Of Postgres itself (its appendix "Error Codes"): connections broken, none left, a full disk, a server that stops or starts. */
const codes = /^(08\w{3}|53[13]00|57P0[123]|25P03)$/
/** Of the driver, which gives no codes: a connection that broke, that broke before, that did not come about in time, that we have closed; and ours. */
const sentences =
  /^(Postgres did not answer a statement within|Connection terminated\b|Client (has encountered a connection error|was closed) and is not queryable$|timeout expired$|timeout exceeded when trying to connect$|There was an error establishing an SSL connection$|Cannot use a pool after calling end on the pool$)/
/** Calls of sockets: a file or a program that is not there has the same codes, and is no outage. */
const socketCalls = /^(connect|read|write|getaddrinfo)$/
const socketCodes =
  /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/

/** Whether this error, or one that it was caused by, says so. What was asked may have been done all the same. */
export function isOutage(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    // Of a host with several addresses.
    if (one instanceof AggregateError && one.errors.some(isOutage)) return true
    const { code = '', syscall = '' } = one as NodeJS.ErrnoException
    // While a TLS connection is made, a reset names no call.
    if (code === 'ECONNRESET' && syscall === '') return true
    if (
      codes.test(code) ||
      sentences.test(one.message) ||
      (socketCodes.test(code) && socketCalls.test(syscall))
    )
      return true
  }
  return false
}

/** Between half of it and all of it, so that not everyone comes back at one instant. @param random in [0, 1) */
export const spread = (ms: number, random = Math.random): number => ms * (0.5 + random() / 2)

const longestMs = 2000

/**
 * Does it again until the database can be asked; what it does may happen twice. Any other error is thrown.
 * @param away is told of each outage
 */
export async function throughOutages<T>(work: () => Promise<T>, away: (error: unknown) => void): Promise<T> {
  for (let wait = 50; ; wait = Math.min(longestMs, wait * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!isOutage(error)) throw error
      away(error)
      await new Promise((done) => setTimeout(done, spread(wait)))
    }
  }
}
