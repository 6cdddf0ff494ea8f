/** How long a worker may be silent before its attempts are taken for lost, and others run them. */
import { DagbokError } from '../domain/errors/errors.ts'
import { shortened } from './shortened.ts'

/** ms. */
export const leaseMs = shortened('DAGBOK_TEST_LEASE_MS', 30_000)

/** ms between heartbeats of an executor: two may be lost. */
export const heartbeatMs = leaseMs / 3

const poolLeaseMs = shortened('DAGBOK_TEST_POOL_LEASE_MS', 1_000_000)

/**
 * Seconds that a heartbeat of a worker of the pool is good for, unless an operator says otherwise: a server may be away for
 * a quarter of an hour, and its workers go on (R16).
 */
export const poolLeaseSeconds = poolLeaseMs / 1000
/** Seconds: a day. */
export const longestPoolLease = 86_400

/** Seconds of such a lease that its worker counts on: the rest is for an answer that was slow, and for ending the attempt. */
export const countedOn = (leaseSeconds: number): number => leaseSeconds - Math.min(60, leaseSeconds / 4)

/**
 * ms of the lease of an attempt that is a pod: whoever looks after its cluster prolongs it with each look, and ends it when the
 * pod is gone. Only a cluster that nobody could look at for a day is given up.
 */
export const podLeaseMs = 86_400_000

/** ms that an attempt may be on its way to a worker of the pool: its first heartbeat makes that the pool's lease. */
export const underwayMs = Math.min(60_000, poolLeaseMs)

/** Seconds that workers of the pool have to be heard once there is a desk again. */
export const backSeconds = Math.min(90, poolLeaseSeconds)

/** ms after which an answer of the start gate is not believed any more; for so long nobody gives up an attempt whose lease is over. */
export const gateMs = leaseMs / 3

/** What an attempt ends with that asked the start gate and had to wait for longer than that. */
export const answeredTooLate = (): DagbokError =>
  new DagbokError('internal', 'Its start gate answered too late to be believed.')
