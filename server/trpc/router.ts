/** Every procedure, for the browser and, where it has a path, for REST. */
import { createCaller, router } from './init.ts'
import { accountRouter } from './routers/account.ts'
import { auditRouter } from './routers/audit.ts'
import { backfillsRouter } from './routers/backfills.ts'
import { comparisonsRouter } from './routers/comparisons.ts'
import { dagsRouter } from './routers/dags.ts'
import { deploymentRouter } from './routers/deployment.ts'
import { interventionsRouter } from './routers/interventions.ts'
import { poolsRouter } from './routers/pools.ts'
import { runsRouter } from './routers/runs.ts'
import { schedulesRouter } from './routers/schedules.ts'
import { secretsRouter } from './routers/secrets.ts'
import { workersRouter } from './routers/workers.ts'

export const appRouter = router({
  dags: dagsRouter,
  runs: runsRouter,
  interventions: interventionsRouter,
  pools: poolsRouter,
  secrets: secretsRouter,
  workers: workersRouter,
  deployment: deploymentRouter,
  schedules: schedulesRouter,
  backfills: backfillsRouter,
  comparisons: comparisonsRouter,
  audit: auditRouter,
  account: accountRouter,
})
export type AppRouter = typeof appRouter

/** The same procedures, called in the process: by pages as they are first rendered. */
export const callerOf = createCaller(appRouter)
