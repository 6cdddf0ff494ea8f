/** What S3 answers when it does not do what it was asked: whether it may be asked again, and what to tell whom. */

/** One that may be thrown by a call; never the SDK's own error, which may hold headers that were sent, and so a secret. */
export class S3Fault extends Error {
  /** S3's or the system's own word for it: `SlowDown`, `ECONNREFUSED`. */
  readonly code: string
  /** Of HTTP; null where nobody answered. */
  readonly status: number | null
  /** Whether the same may go well a moment later. */
  readonly passing: boolean

  constructor(code: string, status: number | null, passing: boolean) {
    super(status === null ? code : `${status} ${code}`)
    this.name = 'S3Fault'
    this.code = code
    this.status = status
    this.passing = passing
  }

  /** What was asked for is not there. */
  get missing(): boolean {
    return this.status === 404 && this.code !== 'NoSuchBucket'
  }
}

/** Answers of 400 and 403 that a second request need not get: bytes changed on their way, or came too slowly; a clock. */
const passingCodes = new Set([
  'BadDigest',
  'ConditionalRequestConflict',
  'IncompleteBody',
  'InvalidDigest',
  'OperationAborted',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
])

/** Faults of this side, which no second request mends: what the SDK throws before it asks anybody. */
const ownFaults = new Set(['CredentialsProviderError', 'InvalidParameter', 'TypeError', 'RangeError'])

/** What TLS says of a certificate that this machine does not trust. */
const distrust = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/

interface Thrown {
  name?: string
  message?: string
  code?: unknown
  Code?: unknown
  $metadata?: { httpStatusCode?: number }
}

/** @param late the ms after which it was given up; null: it was not */
export function faultOf(error: unknown, late: number | null): S3Fault {
  if (error instanceof S3Fault) return error
  if (late !== null) return new S3Fault(`no answer within ${Math.round(late / 100) / 10} s`, null, true)
  const { name = 'Error', message = '', code, Code, $metadata } = error as Thrown
  const status = $metadata?.httpStatusCode ?? null
  const system = typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : null
  const word = system ?? (typeof Code === 'string' ? Code : name)
  if (ownFaults.has(word) || distrust.test(word)) return new S3Fault(word, null, false)
  if (message === 'Region is missing') return new S3Fault('RegionMissing', null, false)
  // Nobody answered; or what was answered with 200 was torn, and could not be read.
  if (status === null || status < 300) return new S3Fault(word, null, true)
  const passing = status >= 500 ? status !== 501 : status === 429 || passingCodes.has(word)
  return new S3Fault(word, status, passing)
}

const keys = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or their _FILE)'

const sentences: Record<string, string> = {
  NoSuchBucket: 'does not exist: make the bucket, or correct DAGBOK_STORE',
  InvalidAccessKeyId: `does not know its key: look at ${keys}`,
  SignatureDoesNotMatch: `does not accept its key: look at ${keys}`,
  InvalidToken: 'does not accept its session token: look at AWS_SESSION_TOKEN',
  ExpiredToken: 'says that its session token is over: give it a new one, or a role that renews it',
  CredentialsProviderError: `has no key: set ${keys}, or give this machine a role`,
  RegionMissing: 'has no region: write ?region=NAME behind the address in DAGBOK_STORE',
  PermanentRedirect: 'lies in another region: write ?region=NAME behind the address in DAGBOK_STORE',
  AuthorizationHeaderMalformed:
    'lies in another region: write ?region=NAME behind the address in DAGBOK_STORE',
  RequestTimeTooSkewed: 'has another time than this machine: set both clocks by NTP',
  QuotaExceeded: 'is full: make room there, or raise its quota',
  RangesUnknown: 'does not know ranges, which are needed to read it',
  CopyIncomplete: 'did not copy all of the bytes',
  OtherBytes: 'has other bytes than were stored',
  EntityTooLarge: 'does not take so many bytes at once: raise its limit of an upload',
}

const rights =
  's3:ListBucket, s3:ListBucketMultipartUploads, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload'

/** What is the matter and what to do, as the end of a sentence about the store. */
export function whyOf({ code, status }: S3Fault): string {
  const known = sentences[code]
  if (known !== undefined) return known
  if (distrust.test(code))
    return `has a certificate that this machine does not trust (${code}): name its authority in NODE_EXTRA_CA_CERTS`
  if (status === null) return `does not answer (${code}): look at its address and at the network`
  if (status === 301 || status === 307) return sentences['PermanentRedirect'] ?? ''
  if (status === 403) return `does not allow it (${code}): its key needs ${rights}`
  return `answers with ${status} ${code}`
}
