/** The record of what people did: it stays when the run is gone. */
import { expect, test } from 'vitest'
import { auditOfDag, auditOfTeam } from '#db/queries/audit.ts'
import { deletePool } from '#server/services/pool/delete-pool.ts'
import { savePool } from '#server/services/pool/save-pool.ts'
import { cancelRun } from '#server/services/run/cancel-run.ts'
import { answerTask, markTaskRun } from '#server/services/run/intervene.ts'
import { startRun } from '#server/services/run/start-run.ts'
import { createWorkerToken, revokeWorkerToken } from '#server/services/worker/worker-tokens.ts'
import { asOwner } from '../testing/as-owner.ts'
import { scheduling } from '../testing/scheduling.ts'
import { succeeds } from '../testing/scripted-executor.ts'

const { database, work, dag, until } = scheduling()

test('marks, answers, cancels and runs before their turn are in the record of the DAG, with the run deleted, too', async () => {
  await work(() => succeeds())
  const made = await dag('  - {id: ask, approve: {form: {}}}\n  - {id: later, needs: [ask], wait: 1h}')
  const [ctx, actor] = await asOwner(database())
  const ref = { team: 'main', repo: 'r', dag: made.id }
  const run = await startRun(ctx, actor, { ref, version: 'v1', params: {}, force: true })
  const of = (task: string) => ({ runId: run.id, task, key: null })
  await until(run.id, 'ask', 'awaiting_input')
  await answerTask(ctx, actor, of('ask'), { yes: true, comment: 'looks well', values: {} })
  await until(run.id, 'ask', 'succeeded')
  await markTaskRun(ctx, actor, of('ask'), { as: 'failed', reason: 'a mistake' })
  await cancelRun(ctx, actor, run.id)
  await database().client`delete from run where id = ${run.id}`

  const record = await auditOfDag(database(), made.dagId, 10)
  expect(record.toReversed().map(({ verb, by, details }) => [verb, by, details])).toEqual([
    ['run.force', 'Owner', { run: 1 }],
    ['run.answer', 'Owner', { run: 1, task: 'ask', key: null, yes: true, comment: 'looks well' }],
    ['run.mark', 'Owner', { run: 1, task: 'ask', key: null, as: 'failed', reason: 'a mistake' }],
    ['run.cancel', 'Owner', { run: 1 }],
  ])
  const team = await auditOfTeam(database(), actor.teams[0]?.id ?? '', 10)
  expect(team.map(({ verb, repo, dag: name }) => [verb, repo, name])).toContainEqual([
    'run.mark',
    'r',
    made.id,
  ])
})

test('what is done to pools and to tokens of workers is in the record of the team', async () => {
  const [ctx, actor] = await asOwner(database())
  const [{ id: teamId, name: team } = { id: '', name: '' }] = actor.teams
  await savePool(ctx, actor, { team, name: 'gpu', slots: 2 })
  await deletePool(ctx, actor, { team, name: 'gpu' })
  const { userId } = actor
  const { id } = await createWorkerToken(database(), { teamId, createdBy: userId, name: 'machines' })
  await revokeWorkerToken(database(), { teamId, userId, id })
  await expect(revokeWorkerToken(database(), { teamId, userId, id })).rejects.toThrow('no such token')
  const record = (await auditOfTeam(database(), teamId, 4)).toReversed()
  expect(record.map(({ verb, by, details, dag: of }) => [verb, by, details, of])).toEqual([
    ['pool.set', 'Owner', { name: 'gpu', slots: 2 }, null],
    ['pool.delete', 'Owner', { name: 'gpu' }, null],
    ['worker_token.create', 'Owner', { name: 'machines' }, null],
    ['worker_token.revoke', 'Owner', { name: 'machines' }, null],
  ])
})
