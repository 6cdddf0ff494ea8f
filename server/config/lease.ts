/** How long a worker may be silent before its attempts are taken for lost, and others run them. */

/** ms. Fault tests, which pause workers for longer than that, shorten it. */
export const leaseMs =
  process.env['DAGBOK_TEST_FAULTS'] === '1' ? Number(process.env['DAGBOK_TEST_LEASE_MS'] ?? 30_000) : 30_000

/** ms after which an answer of the start gate is not believed any more; for so long nobody gives up an attempt whose lease is over. */
export const gateMs = leaseMs / 3
