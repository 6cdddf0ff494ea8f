/** A call of a DAG's webhook: Standard Webhooks (https://www.standardwebhooks.com), or its secret as a bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { findHook, noteDelivery, runOfDelivery, takeDelivery, type Hook } from '#db/queries/webhook.ts'
import { noTriggers } from '../../domain/dag/spec.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { DagRef } from '../../views/common.ts'
import type { ServiceContext } from '../context.ts'
import { createRun } from '../run/create-run.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkGiven } from '../run/check-params.ts'
import { pathOfRun } from '../run/views.ts'
import { triggersOf } from '../schedule/take-over.ts'
import { noteRefusal } from './refused.ts'
import { webhookSecret } from './webhook.ts'

export interface WebhookCall {
  ref: DagRef
  headers: Headers
  body: string
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Constant in time, whatever the length. */
const sameText = (a: string, b: string) => timingSafeEqual(digest(a), digest(b))

function isGenuine({ headers, body }: WebhookCall, secret: string): boolean {
  const [scheme, token] = (headers.get('authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() === 'bearer') return sameText(token ?? '', secret)
  const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name): [string, string] => [
    name,
    headers.get(name) ?? '',
  ])
  try {
    new Webhook(secret).verify(body, Object.fromEntries(signed))
    return true
  } catch (error) {
    // It parses the body after it was found genuine; one that is no JSON may still be taken as a text.
    if (error instanceof SyntaxError) return true
    if (error instanceof WebhookVerificationError) return false
    throw error
  }
}

/** The body, JSON where it says so. */
function bodyOf({ headers, body }: WebhookCall): Json {
  if (!(headers.get('content-type') ?? '').includes('json')) return body
  try {
    return JSON.parse(body) as Json
  } catch {
    throw new DagbokError('bad_input', 'The body says it is JSON, and cannot be read as that.')
  }
}

/** What the sender of a genuine call may be told. */
async function startRun(
  ctx: ServiceContext,
  call: WebhookCall,
  hook: Hook,
): Promise<{ id: string; number: number }> {
  const { webhook } = hook.spec === null ? noTriggers : triggersOf(hook.spec)
  const { dag } = call.ref
  if (hook.spec === null || hook.versionId === null || webhook === null)
    throw new DagbokError(
      'conflict',
      `${hook.versionNumber === null ? dag : `v${hook.versionNumber} of ${dag}`} has no \`on: {webhook: true}\`: push one that has.`,
    )
  if (hook.paused) throw new DagbokError('conflict', `${dag} is paused: send it again when it is resumed.`)
  const given = webhook.param === null ? {} : { [webhook.param]: bodyOf(call) }
  const { spec, versionId, dagId } = hook
  const params = checkGiven(paramsSchema(spec), given)
  const message = call.headers.get('webhook-id')
  return ctx.db.transaction(async (tx) => {
    if (message !== null && !(await takeDelivery(tx, dagId, message))) {
      const number = await runOfDelivery(tx, dagId, message)
      throw new DagbokError(
        'conflict',
        `The message ${message} was taken before${number === null ? '' : `: it started run ${number}`}.`,
      )
    }
    const run = await createRun(tx, {
      dagId,
      versionId,
      spec,
      usual: ctx.deployment,
      trigger: 'webhook',
      triggeredBy: null,
      params,
    })
    if (message !== null) await noteDelivery(tx, dagId, message, run.id)
    return run
  })
}

/** What a genuine call is refused with is also kept with the DAG: its sender may have told nobody. */
async function orNoted<T>(ctx: ServiceContext, hook: Hook, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof DagbokError)
      // The sender is told of his own fault, whether it can be noted or not.
      await noteRefusal(ctx.db, hook, { trigger: 'webhook', why: error.message }).catch((failure: unknown) =>
        ctx.log.error({ err: failure }, 'a refused trigger could not be noted'),
      )
    throw error
  }
}

/**
 * Starts a run. Nobody learns from it which DAGs there are: what is not genuine gets one answer.
 * @throws DagbokError `unauthenticated`, `bad_input`, `conflict` (a replay, paused, not declared)
 */
export async function receiveWebhook(
  ctx: ServiceContext,
  call: WebhookCall,
  serverSecret: string,
): Promise<{ id: string; number: number; url: string }> {
  const hook = await findHook(ctx.db, call.ref)
  // Also without one, the check is made: how long an answer takes tells nothing.
  const secret = webhookSecret(serverSecret, hook?.dagId ?? '', hook?.salt ?? '')
  if (!isGenuine(call, secret) || hook === null)
    throw new DagbokError(
      'unauthenticated',
      'There is no such webhook, or the signature, its time or the token is not right.',
    )
  if ((call.headers.get('webhook-id') ?? '').length > 200)
    throw new DagbokError('bad_input', 'A `webhook-id` has 200 characters at most.')
  const run = await orNoted(ctx, hook, startRun(ctx, call, hook))
  return { ...run, url: `${ctx.publicUrl}${pathOfRun({ ...call.ref, number: run.number })}` }
}
