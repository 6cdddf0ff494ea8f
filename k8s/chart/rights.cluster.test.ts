/** The rights that the chart gives are the least that works: without any of them something is missing, and the log says what. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { cell, Trial } from '#workers/executors/conformance/trial.ts'
import { setSecret } from '#server/services/secret/set-secret.ts'
import { asOwner } from '#workers/testing/as-owner.ts'
import { podBarrier, warmCrew, type KubernetesCrew } from '#workers/testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'
import { restrictedAccount, rulesOfChart, without, type Rule } from './testing/restricted-account.ts'

const { database } = testDatabase()
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
let shop: Workshop
let crew: KubernetesCrew
let rules: Rule[]
let account: Awaited<ReturnType<typeof restrictedAccount>>
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-rights-'))
  const kubeconfig = join(folder, 'kubeconfig')
  rules = await rulesOfChart()
  account = await restrictedAccount(`dagbok-${randomBytes(4).toString('hex')}`, kubeconfig)
  shop = await openWorkshop(database(), async (place) => {
    const pool = { workers: 2, slots: 4, cpu: 0.1, memory: 256 * 2 ** 20, idle: 1, drain: 0 }
    crew = await warmCrew(place, pool, { kubeconfig })
    await account.allow(crew.namespace, rules)
    return crew
  })
}, 120_000)
afterAll(async () => {
  await shop.close()
  await account.remove()
  await rm(folder, { recursive: true, force: true })
})

interface Case {
  verb: string
  resource: string
  /** What is seen of it. */
  missing: () => Promise<unknown>
  /** Whether it takes a task that is out of time to miss it. */
  late?: true
}

const names = async () => (await crew.podsLeft()).length
const nothing = () => Promise.resolve()
/** A pod that has ended stays. */
const stays = async () => expect(await names()).toBe(1)

const cases: Case[] = [
  { resource: 'pods', verb: 'create', missing: async () => expect(await names()).toBe(0) },
  { resource: 'pods', verb: 'get', missing: nothing, late: true },
  { resource: 'pods', verb: 'list', missing: nothing },
  { resource: 'pods', verb: 'watch', missing: nothing },
  { resource: 'pods', verb: 'patch', missing: stays },
  { resource: 'pods', verb: 'delete', missing: stays },
  { resource: 'pods/log', verb: 'get', missing: nothing },
  { resource: 'events', verb: 'list', missing: nothing, late: true },
]

/** Those that only tasks with secrets need. */
const ofSecrets = [{ verb: 'create', resource: 'secrets' }]

/** Those that only workers in the image of their tasks need. */
const ofWorkers = ['list', 'create', 'patch', 'delete'].map((verb) => ({ resource: 'deployments', verb }))

test('each right of the chart has a case here', () => {
  const given = rules.flatMap(({ resources, verbs }) => verbs.map((verb) => `${verb} ${resources.join()}`))
  const all = [...cases, ...ofSecrets, ...ofWorkers].map(({ verb, resource }) => `${verb} ${resource}`)
  expect(given.toSorted()).toEqual(all.toSorted())
})

/** Words of the API server for what the account may not. */
const refusal = ({ resource, verb }: Pick<Case, 'resource' | 'verb'>) =>
  new RegExp(`cannot ${verb} resource "${resource}"`)

/** Without one right, until it is given back: `said` are the warnings of the log. */
async function lacking(
  { resource, verb }: Pick<Case, 'resource' | 'verb'>,
  work: (said: readonly string[], giveBack: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const said: string[] = []
  const warn = vi.spyOn(shop.hosted.ctx.log, 'warn').mockImplementation((given: unknown) => {
    const { err } = (given ?? {}) as { err?: Error & { cause?: Error } }
    said.push(`${err?.message ?? ''} ${err?.cause?.message ?? ''}`)
  })
  const giveBack = () => account.allow(crew.namespace, rules)
  try {
    await account.allow(crew.namespace, without(rules, resource, verb))
    // What was allowed may be remembered for a moment.
    const [kind = '', part = ''] = resource.split('/')
    const of = part === '' ? [kind] : [kind, `--subresource=${part}`]
    const asked = ['auth', 'can-i', verb, ...of, '-n', crew.namespace]
    const who = `--as=system:serviceaccount:default:${account.name}`
    await until('the right is gone', () =>
      kubectl([...asked, who]).then(
        () => null,
        () => true,
      ),
    )
    await work(said, giveBack)
  } finally {
    await giveBack()
    warn.mockRestore()
  }
}

test.each(cases)('without $verb of $resource something is missing, and afterwards nothing is', (one) =>
  lacking(one, async (said, giveBack) => {
    const dag = `no-${one.verb}-${one.resource.replace('/', '-')}`
    const { wait, open } = await podBarrier()
    const plain = cell('id: a', 'bash', `echo begun; ${wait}`)
    // What is out of time is looked at anew before it is ended.
    const late = cell('id: b\ntimeout: 1s', 'bash', 'trap "exit 1" TERM; sleep 600 & wait')
    await trial.push(dag, one.late === true ? [plain, late] : [plain])
    await open()
    await until('the log says what is missing, or the page of the run', async () => {
      const held = await database().client<
        { held: string | null }[]
      >`select handle->>'held' as held from attempt`
      return [...said, ...held.map((row) => row.held ?? '')].some((text) => refusal(one).test(text)) || null
    })
    await one.missing()
    await giveBack()
    expect(await shop.ended(dag, 1)).toMatchObject({ state: one.late === true ? 'failed' : 'succeeded' })
    await crew.nothingLeft()
  }),
)

test.each(ofSecrets)('without $verb of $resource no task begins that has some', async (one) => {
  const [, actor] = await asOwner(database())
  await setSecret(shop.hosted.ctx, actor, { team: 'main', name: 'TOKEN', value: 'a canary of rights' })
  await lacking(one, async (said, giveBack) => {
    await trial.push('no-secret', [cell('id: a\nsecrets: [TOKEN]', 'bash', 'echo "${#TOKEN}"')])
    await until('the log says what is missing', () =>
      Promise.resolve(said.some((text) => refusal(one).test(text)) || null),
    )
    await giveBack()
    const { id, state } = await shop.ended('no-secret', 1)
    expect(state).toBe('succeeded')
    expect(await shop.log(id, 'a')).toBe('18\n')
    await crew.nothingLeft()
  })
})

test.each(ofWorkers)('without $verb of $resource workers in images do not come and go', async (one) => {
  const task = (image: string) => [
    cell(`id: a\nexecutor: pool\nimage: ${inject('registry')}/${image}`, 'sh', 'true'),
  ]
  // One that has come and gone: to have it again takes a patch.
  expect(await trial.run(`warm-${one.verb}`, task('busybox:1'))).toMatchObject({ state: 'succeeded' })
  const scaled = ['get', 'deployments', '-n', crew.namespace, '-o', 'jsonpath={.items[*].spec.replicas}']
  await until('no worker is wanted', async () => (/[1-9]/.test(await kubectl(scaled)) ? null : true))
  await lacking(one, async (said, giveBack) => {
    const image = one.verb === 'create' ? 'python:1' : 'busybox:1'
    if (one.verb === 'delete') await database().client`update worker_token set revoked_at = now()`
    await trial.push(`without-${one.verb}`, task(image))
    await until('the log says what is missing', () =>
      Promise.resolve(said.some((text) => refusal(one).test(text)) || null),
    )
    await giveBack()
    expect(await shop.ended(`without-${one.verb}`, 1)).toMatchObject({ state: 'succeeded' })
  })
})
