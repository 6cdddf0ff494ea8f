import { failpoint } from '../../config/failpoint.ts'
import type { HookAnswer, HookCall } from '../../git/hooks/conversation.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { reconcile } from '../version/reconcile.ts'
import { pushReport } from '#db/queries/push.ts'
import { checkPush } from './check.ts'

/** Both hooks of a push. The refs have moved when post-receive calls: what follows is the reconciler's, here told at once. */
export async function answerHook(
  ctx: ServiceContext,
  actor: Actor,
  repositoryId: string,
  call: HookCall,
): Promise<HookAnswer> {
  if (call.hook === 'pre-receive') return checkPush(ctx, actor, repositoryId, call)
  await failpoint('push.reconcile.before', call.updates[0]?.ref)
  await reconcile(ctx, repositoryId)
  return { accepted: true, lines: await pushReport(ctx.db, repositoryId, call.updates) }
}
