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
  clusters: z
    .array(
      z.object({
        name: z.string(),
        server: z.string().nullable().describe('address of its API server'),
        version: z.string().nullable(),
        reachable: z.boolean().nullable().describe('null: that is not known'),
        fault: z.string().nullable().describe('what is wrong, in a sentence; null: nothing'),
      }),
    )
    .describe('the clusters that tasks may be pods on, as they were asked last'),
})
export type DeploymentView = z.infer<typeof deploymentSchema>
