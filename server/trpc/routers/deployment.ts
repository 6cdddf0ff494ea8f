import { z } from 'zod'
import { activeEverywhere } from '#db/queries/claim.ts'
import { readClusterStandings } from '../../services/worker/cluster-standings.ts'
import { deploymentSchema } from '../../views/deployment.ts'
import { router, signedIn } from '../init.ts'

export const deploymentRouter = router({
  get: signedIn
    .meta({
      openapi: { method: 'GET', path: '/deployment', summary: 'What its settings say of all tasks' },
    })
    .input(z.object({}))
    .output(deploymentSchema)
    .query(async ({ ctx: { services } }) => ({
      ...services.deployment,
      active: await activeEverywhere(services.db),
      clusters: await readClusterStandings(services),
    })),
})
