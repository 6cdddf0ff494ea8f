/** A DAG's webhook: its address, and its secret, which is made when it is needed and kept nowhere. */
import { hkdfSync } from 'node:crypto'
import { webhookOfDag, webhooksOfTeam } from '#db/queries/webhook.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import type { DagDetail, WebhookView } from '../../views/dag.ts'
import type { ServiceContext } from '../context.ts'

/** In the form of Standard Webhooks. Whoever has the database alone cannot make it. */
export const webhookSecret = (serverSecret: string, dagId: string, salt: string): string =>
  `whsec_${Buffer.from(hkdfSync('sha256', serverSecret, salt, `dagbok webhook ${dagId}`, 32)).toString('base64')}`

export const hookUrl = (ctx: ServiceContext, dag: Pick<DagRow, 'team' | 'repo' | 'name'>): string =>
  `${ctx.publicUrl}/api/hooks/${dag.team}/${dag.repo}/${dag.name}`

export async function readWebhook(ctx: ServiceContext, dag: DagRow): Promise<DagDetail['hook']> {
  const found = await webhookOfDag(ctx.db, dag.id)
  if (found === null) return null
  return { url: hookUrl(ctx, dag), createdAt: found.createdAt.toISOString(), createdBy: found.createdBy }
}

/** Webhooks of a team's DAGs, without their secrets. */
export async function listWebhooks(ctx: ServiceContext, teamId: string): Promise<WebhookView[]> {
  return (await webhooksOfTeam(ctx.db, teamId)).map(({ team, repo, dag, createdAt, createdBy }) => ({
    dag: { team, repo, dag },
    url: hookUrl(ctx, { team, repo, name: dag }),
    createdAt: createdAt.toISOString(),
    createdBy,
  }))
}
