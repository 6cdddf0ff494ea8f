/** Why a run is there. */
import { z } from 'zod'
import { assertNever } from '../errors/errors.ts'
import type { RunTrigger } from './states.ts'

/** What a DAG may wait for of another one: its success, or outputs, all of a list or any. */
export const subscriptionKinds = ['success', 'all_outputs', 'any_output'] as const
export type SubscriptionKind = (typeof subscriptionKinds)[number]

/** A run that started another, by its success or by an output that it published. */
export const causeSchema = z.object({
  run: z.uuid(),
  number: z.number().int(),
  repo: z.string(),
  dag: z.string(),
  /** null: its success. */
  task: z.string().nullable(),
  output: z.string().nullable(),
})
export type Cause = z.infer<typeof causeSchema>

export const causeWords = ({ repo, dag, number, task, output }: Cause): string =>
  task === null ? `${repo}/${dag} run ${number}` : `${repo}/${dag}.${task}.${output} of run ${number}`

/** One sentence. `by` is a person's name, or null. */
export function whyThere(given: {
  trigger: RunTrigger
  by: string | null
  forced: boolean
  schedule: string | null
  logicalDate: string | null
  backfill: number | null
  causes: readonly Cause[]
}): string {
  const by = given.by === null ? '' : ` by ${given.by}`
  const force = given.forced ? ', at once, whatever other runs there were' : ''
  const of = given.logicalDate === null ? '' : ` for ${given.logicalDate}`
  switch (given.trigger) {
    case 'manual':
      return `Started${by}${force}.`
    case 'api':
      return `Started over the API${by}${force}.`
    case 'push':
      return `Started with a push${by}.`
    case 'seed':
      return 'Started as an example.'
    case 'schedule':
      return given.schedule === null ? `Scheduled${of}.` : `Scheduled${of} by ${given.schedule}.`
    case 'backfill':
      return `Made by backfill ${given.backfill ?? 'of this DAG'}${of}.`
    case 'webhook':
      return 'Triggered by its webhook.'
    case 'success_of':
      return `Triggered by success of ${given.causes.map(causeWords).join(' and ')}.`
    case 'outputs':
      return `Triggered by publication of ${given.causes.map(causeWords).join(' and ')}.`
    default:
      return assertNever(given.trigger)
  }
}
