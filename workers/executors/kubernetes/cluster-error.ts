/** What goes wrong between Dagbok and an API server, as a closed set of codes. */
import { isOutage } from '#db/outage.ts'
import { shapeOf, textOf } from '#server/domain/pod/observed.ts'

export const clusterErrorCodes = [
  /** The kubeconfig cannot be used: it cannot be read, or its program for credentials fails. */
  'config',
  /** The other side is not who it should be, by TLS. */
  'untrusted',
  'unauthorized',
  'forbidden',
  'not_found',
  /** Of this name, another is there. */
  'already_exists',
  /** It is not as the caller thought: another UID, or changed meanwhile. */
  'conflict',
  /** 410: what was asked for by its version is forgotten. */
  'gone',
  'invalid',
  /** 429: not now. */
  'throttled',
  'unavailable',
  /** It did not answer in time, or not to the end. */
  'timeout',
  /** It answered what cannot be read. */
  'bad_answer',
] as const
export type ClusterErrorCode = (typeof clusterErrorCodes)[number]

export class ClusterError extends Error {
  readonly code: ClusterErrorCode
  /** Of HTTP, where there was an answer. */
  readonly status: number | null
  /** The `Status` object of the answer, of whatever shape. */
  readonly body: unknown
  /** ms for which the server asks not to be asked; null: it does not say. */
  readonly retryAfterMs: number | null

  constructor(
    code: ClusterErrorCode,
    message: string,
    more: { status?: number; body?: unknown; retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause })
    this.name = 'ClusterError'
    this.code = code
    this.status = more.status ?? null
    this.body = more.body ?? null
    this.retryAfterMs = more.retryAfterMs ?? null
  }
}

const byStatus: Readonly<Record<number, ClusterErrorCode>> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  410: 'gone',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'throttled',
}

/** ms: no server is waited for longer on its word, or one wrong header would stop everything for a day. */
const longestWait = 120_000

/**
 * ms of a `Retry-After`, which is seconds or a date; null where it is neither.
 * @param now ms since the epoch
 */
export function retryAfterOf(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  const text = header.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) ? Math.min(longestWait, Math.max(0, ms)) : null
}

/** A patch of another pod by this name is refused as one that would change its UID. */
function isOfAnotherUid(details: unknown): boolean {
  const { causes } = shapeOf(details)
  return Array.isArray(causes) && causes.some((one) => shapeOf(one)['field'] === 'metadata.uid')
}

function codeOf(status: number, { reason, details }: ReturnType<typeof shapeOf>): ClusterErrorCode {
  if (status === 409 && reason === 'AlreadyExists') return 'already_exists'
  if (status === 422 && isOfAnotherUid(details)) return 'conflict'
  return byStatus[status] ?? (status >= 500 ? 'unavailable' : 'bad_answer')
}

/** The error of an answer. @param body its `Status` object, of whatever shape */
export function errorOfStatus(status: number, body: unknown, retryAfterMs: number | null): ClusterError {
  const { message, reason } = shapeOf(body)
  const said = textOf(message) ?? textOf(reason) ?? 'it does not say why'
  return new ClusterError(
    codeOf(status, shapeOf(body)),
    `The API server answered with status ${status}: ${said}`,
    {
      status,
      body,
      retryAfterMs,
    },
  )
}

/** Of Node's TLS: certificates that are not trusted, out of date, of another name. */
const tlsCodes = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/

/** The error of a connection that did not come about, or broke. */
export function errorOfConnection(cause: unknown, server: string): ClusterError {
  if (cause instanceof ClusterError) return cause
  const code = (cause as { code?: string }).code ?? ''
  const message = cause instanceof Error ? cause.message : String(cause)
  if (tlsCodes.test(code))
    return new ClusterError('untrusted', `${server} cannot be trusted (${code}): ${message}`, { cause })
  const how = code === '' ? message : code
  if (isOutage(cause) || code !== '')
    return new ClusterError('unavailable', `${server} does not answer (${how}).`, { cause })
  return new ClusterError('unavailable', `The connection to ${server} broke (${how}).`, { cause })
}

const passing: ReadonlySet<ClusterErrorCode> = new Set([
  'throttled',
  'unavailable',
  'timeout',
  'bad_answer',
  'gone',
])
/** Whether the same call may succeed later, without anybody's doing. */
export const isPassing = (error: unknown): boolean => error instanceof ClusterError && passing.has(error.code)
