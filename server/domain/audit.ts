/** What somebody did, as the record has it, in words. Pure. */
import type { Json } from './json.ts'

type Details = Readonly<Record<string, Json>>

const text = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

const taskOf = ({ run, task, key }: Details): string =>
  `${text(task)}${key == null ? '' : ` (${text(key)})`} of run ${text(run)}`

/** By verb; each follows a person's name. */
const words: Readonly<Record<string, (details: Details) => string>> = {
  'dag.pause': () => 'paused the DAG',
  'dag.resume': () => 'resumed the DAG',
  'webhook.create': () => 'made the secret of the webhook',
  'webhook.delete': () => 'revoked the secret of the webhook',
  'trigger.refuse': ({ trigger, why, source }) =>
    `did not start a run by ${text(trigger)}${source == null ? '' : ` of ${text(source)}`}: ${text(why)}`,
  'backfill.create': ({ number }) => `began backfill ${text(number)}`,
  'backfill.pause': ({ number }) => `paused backfill ${text(number)}`,
  'backfill.resume': ({ number }) => `resumed backfill ${text(number)}`,
  'backfill.cancel': ({ number }) => `cancelled backfill ${text(number)}`,
  'run.cancel': ({ run }) => `cancelled run ${text(run)}`,
  'run.force': ({ run }) => `started run ${text(run)} before its turn`,
  'run.mark': (details) => `marked ${taskOf(details)} as ${text(details['as'])}: ${text(details['reason'])}`,
  'run.answer': (details) => `answered ${details['yes'] === true ? 'yes' : 'no'} to ${taskOf(details)}`,
  'pool.set': ({ name, slots }) => `gave pool ${text(name)} ${text(slots)} slots`,
  'pool.delete': ({ name }) => `removed pool ${text(name)}`,
  'secret.set': ({ name }) => `set the secret ${text(name)}`,
  'secret.delete': ({ name }) => `deleted the secret ${text(name)}`,
  'worker_token.create': ({ name }) => `made the token ${text(name)} for workers`,
  'worker_token.revoke': ({ name }) => `revoked the token ${text(name)} of workers`,
}

/** `marked train of run 3 as succeeded: checked by hand`; what is not known is told by its verb. */
export const deedWords = (verb: string, details: Details): string => words[verb]?.(details) ?? verb
