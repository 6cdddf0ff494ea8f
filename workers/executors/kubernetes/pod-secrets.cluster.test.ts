/** Secrets of a team in pods, on the real cluster: what holds them comes and goes with the pod, and no manifest has their values. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { formsOf } from '#server/domain/secret/forms.ts'
import { setSecret } from '#server/services/secret/set-secret.ts'
import { asOwner } from '../../testing/as-owner.ts'
import { kubernetesCrew, podBarrier, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'

const { database } = testDatabase()
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
let shop: Workshop
let crew: KubernetesCrew
const value = 'canary of a pod: "+/%"'
const forms = formsOf(value)

beforeAll(async () => {
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place)))
  const [, actor] = await asOwner(database())
  await setSecret(shop.hosted.ctx, actor, { team: 'main', name: 'TOKEN', value })
}, 120_000)
afterAll(() => shop.close())

const objects = (kind: string, output: string) => kubectl(['get', kind, '-n', crew.namespace, '-o', output])
const secrets = async () => (await objects('secrets', 'name')).trim()

test('[S6] the pod has it by reference, also after a restart; its secret goes with it; the log is free of it', async () => {
  const { wait, open } = await podBarrier()
  const script = `echo "one $TOKEN"; ${wait}; echo "two $TOKEN"; env | grep TOKEN= | base64 -w 0`
  await trial.push('kept', [cell('id: a\nsecrets: [TOKEN]', 'bash', script)])
  await trial.spoken('kept')
  const pods = await objects('pods', 'json')
  expect(
    forms.filter((form) => pods.includes(form) || pods.includes(JSON.stringify(form).slice(1, -1))),
  ).toEqual([])
  const [pod] = await crew.podsLeft()
  expect(await secrets()).toBe(`secret/${pod ?? ''}`)
  // Another value is for others; what this one was given is still not to be told.
  const [, actor] = await asOwner(database())
  await setSecret(shop.hosted.ctx, actor, { team: 'main', name: 'TOKEN', value: 'another canary' })
  await shop.crash()
  await open()
  const { id, state } = await shop.ended('kept', 1)
  expect(state).toBe('succeeded')
  const log = await shop.log(id, 'a')
  expect(log).toMatch(/^one •••\ntwo •••\n/)
  expect(forms.filter((form) => log.includes(form))).toEqual([])
  await crew.nothingLeft()
  await until('its secret is gone', async () => ((await secrets()) === '' ? true : null))
})
