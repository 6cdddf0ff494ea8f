/** The closed set of error codes. Each edge (tRPC, REST, CLI, git) maps them once. */
export const errorCodes = [
  'bad_input',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'out_of_range',
  'too_many',
  'unsupported',
  'unavailable',
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** The HTTP status of each (RFC 9110), for routes and git. */
export const httpStatus: Record<ErrorCode, number> = {
  bad_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  out_of_range: 416,
  too_many: 429,
  unsupported: 405,
  unavailable: 503,
  internal: 500,
}

/** The code of a status; of one that is none of ours, the code it is nearest to. */
export const codeOfStatus = (status: number): ErrorCode =>
  errorCodes.find((code) => httpStatus[code] === status) ?? (status < 500 ? 'bad_input' : 'internal')

/** What a user is told while the database cannot be asked. */
export const away =
  'The database cannot be asked at the moment. What was acknowledged is kept: try again in some seconds.'

const brand = Symbol.for('dagbok.error')

/**
 * An error whose message may be shown to the user: what is wrong, where, and what to do next.
 * Anything that is not a `DagbokError` is a defect; its text never leaves the server.
 */
export class DagbokError extends Error {
  readonly [brand] = true
  readonly code: ErrorCode
  /** Machine-readable particulars, e.g. the faults of a notebook. Must be JSON. */
  readonly details: unknown

  constructor(code: ErrorCode, message: string, options: { details?: unknown; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'DagbokError'
    this.code = code
    this.details = options.details
  }

  /** Next bundles the routes apart from `app/server.ts`: one process has this class twice, and what one throws the other catches. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value
  }
}

/** Closes a switch over a union: a new variant does not compile until it is handled. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
