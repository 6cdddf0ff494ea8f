/** How long a worker may be silent before its attempts are taken for lost, and others run them. */
import { DagbokError } from '../domain/errors/errors.ts'

/** ms. Fault tests, which pause workers for longer than that, shorten it. */
export const leaseMs =
  process.env['DAGBOK_TEST_FAULTS'] === '1' ? Number(process.env['DAGBOK_TEST_LEASE_MS'] ?? 30_000) : 30_000

/** ms between heartbeats of an executor: two may be lost. */
export const heartbeatMs = leaseMs / 3

/** Seconds that workers of the pool have to be heard once there is a desk again. */
export const backSeconds = 90

/** ms after which an answer of the start gate is not believed any more; for so long nobody gives up an attempt whose lease is over. */
export const gateMs = leaseMs / 3

/** What an attempt ends with that asked the start gate and had to wait for longer than that. */
export const answeredTooLate = (): DagbokError =>
  new DagbokError('internal', 'Its start gate answered too late to be believed.')
