/** Triggers that started nothing, and why: kept in the record of their DAG. */
import { insertAuditOnce, refusalsOf } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import type { Queryable } from '#db/client.ts'
import type { DagDetail } from '../../views/dag.ts'

export type RefusedTrigger = 'webhook' | 'success_of' | 'outputs'

/** Seconds within which the same is not noted again: what comes every second must not fill the record. */
const onceInSeconds = 600
/** Refusals that a DAG's page shows. */
const shown = 5

export interface Refusal {
  trigger: RefusedTrigger
  /** One sentence. */
  why: string
  /** The run that would have started it: `sales/fetch run 4`. */
  source?: string
}

export async function noteRefusal(
  q: Queryable,
  { teamId, dagId }: { teamId: string; dagId: string },
  { trigger, why, source }: Refusal,
): Promise<void> {
  const details = { trigger, why, ...(source === undefined ? {} : { source }) }
  const noted = await insertAuditOnce(
    q,
    { teamId, dagId, userId: null, verb: 'trigger.refuse', details },
    { like: { trigger, why }, seconds: onceInSeconds },
  )
  if (noted) await announce(q, [`dag:${dagId}`])
}

/** Newest first. */
export async function readRefusals(q: Queryable, dagId: string): Promise<DagDetail['refused']> {
  return (await refusalsOf(q, dagId, shown)).map(({ details, createdAt }) => ({
    at: createdAt.toISOString(),
    trigger: details['trigger'] as RefusedTrigger,
    source: typeof details['source'] === 'string' ? details['source'] : null,
    why: typeof details['why'] === 'string' ? details['why'] : '',
  }))
}
