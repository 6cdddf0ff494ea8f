/**
 * What the scheduler relies on of its database, as one suite for both adapters of its port: Postgres, and the one in
 * memory. What it does not hold, a simulation does not show of the product.
 */
import { attemptRules } from './attempts.ts'
import { benchOf, type Subject } from './bench.ts'
import { claimRules } from './claims.ts'
import { itemRules } from './items.ts'
import { poolWorkerRules } from './pool-workers.ts'
import { runRules } from './runs.ts'

/** Call it at the top of a test file. */
export function conformance(subject: () => Subject): void {
  const bench = benchOf(subject)
  attemptRules(bench)
  claimRules(bench)
  runRules(bench)
  itemRules(bench)
  poolWorkerRules(bench)
}
