import { z } from 'zod'

/** What the settings of the deployment say of all its tasks. */
export const deploymentSchema = z.object({
  parallelism: z
    .number()
    .nullable()
    .describe('task runs that may be starting or running at once, of all teams together; null: any number'),
  active: z.number().describe('task runs that are starting or running now'),
  executor: z
    .enum(['process', 'pool', 'kubernetes'])
    .describe('who runs a task that names no executor, nor does its DAG'),
  processes: z.boolean().describe("whether tasks may be processes of the product's own machine"),
})
export type DeploymentView = z.infer<typeof deploymentSchema>
