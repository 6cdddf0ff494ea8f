import { expect, test } from 'vitest'
import { faultOf, whyOf } from './faults.ts'

/** As the SDK throws it. */
const thrown = (given: object) => Object.assign(new Error('a text that nobody is shown'), given)
const answered = (status: number, name: string) => thrown({ name, $metadata: { httpStatusCode: status } })

test.each([
  [answered(500, 'InternalError'), true, 'answers with 500 InternalError'],
  [answered(503, 'SlowDown'), true, 'answers with 503 SlowDown'],
  [answered(429, 'TooManyRequests'), true, 'answers with 429 TooManyRequests'],
  [answered(400, 'RequestTimeout'), true, 'answers with 400 RequestTimeout'],
  [answered(400, 'XAmzContentSHA256Mismatch'), true, 'answers with 400 XAmzContentSHA256Mismatch'],
  [answered(403, 'RequestTimeTooSkewed'), true, 'has another time than this machine: set both clocks by NTP'],
  [answered(409, 'ConditionalRequestConflict'), true, 'answers with 409 ConditionalRequestConflict'],
  [answered(200, 'SyntaxError'), true, 'does not answer (SyntaxError)'],
  [
    thrown({ code: 'ECONNRESET' }),
    true,
    'does not answer (ECONNRESET): look at its address and at the network',
  ],
  [thrown({ code: 'ENOTFOUND' }), true, 'does not answer (ENOTFOUND)'],
  [answered(501, 'NotImplemented'), false, 'answers with 501 NotImplemented'],
  [answered(412, 'PreconditionFailed'), false, 'answers with 412 PreconditionFailed'],
  [answered(403, 'AccessDenied'), false, 'does not allow it (AccessDenied): its key needs s3:ListBucket'],
  [answered(403, 'InvalidAccessKeyId'), false, 'does not know its key: look at AWS_ACCESS_KEY_ID'],
  [answered(404, 'NoSuchBucket'), false, 'does not exist: make the bucket, or correct DAGBOK_STORE'],
  [answered(301, 'PermanentRedirect'), false, 'lies in another region: write ?region=NAME'],
  [answered(301, 'Unknown'), false, 'lies in another region: write ?region=NAME'],
  [thrown({ name: 'CredentialsProviderError' }), false, 'has no key: set AWS_ACCESS_KEY_ID'],
  [
    thrown({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    false,
    'has a certificate that this machine does not trust',
  ],
  [
    thrown({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    false,
    'has a certificate that this machine does not trust',
  ],
])('%o is asked again or not, and said', (error, passing, sentence) => {
  const fault = faultOf(error, null)
  expect(fault.passing).toBe(passing)
  expect(whyOf(fault)).toContain(sentence)
  expect(fault.message).not.toContain('nobody is shown')
})

test('what is given up is said with the time that it had', () => {
  expect(whyOf(faultOf(thrown({ name: 'AbortError' }), 30_000))).toBe(
    'does not answer (no answer within 30 s): look at its address and at the network',
  )
})
