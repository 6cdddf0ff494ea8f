/** The chart as a user of it has it: by the real helm, on the real cluster, with the values of its example. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstOwner } from '#cli/start/first-owner.ts'
import { openDatabase } from '#db/client.ts'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { createToken } from '#server/services/token/tokens.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { productAt, type GivenProduct } from '../../e2e/fixtures/product.ts'
import { overRun } from '../../e2e/fixtures/runs.ts'
import { addressOf, notebook, podsOfTasks, pushFlow, startFlow, task } from './testing/flows.ts'
import { helm } from './testing/helm.ts'
import { openJourney, type Journey } from './testing/journey.ts'
import { openRelease, secret, type Release } from './testing/release.ts'

const reason = await whyNoS3()

describe.skipIf(reason !== null)('a release', () => {
  let release: Release
  let product: GivenProduct
  let journey: Journey | null = null

  beforeAll(async () => {
    release = await openRelease()
  }, 900_000)
  afterAll(async () => {
    await journey?.close()
    await release.remove()
  }, 300_000)

  test('it is installed in a restricted namespace, makes its tables, and says how to go on', async () => {
    const { url } = release
    expect(await release.install()).toContain(`Dagbok is at ${url}`)
    const inServer = ['exec', '-n', release.namespace, 'deploy/dagbok', '--']
    const said = await kubectl([...inServer, 'node', 'cli/sign-in.mjs'])
    const [, signInUrl = ''] = /(http\S+)$/.exec(said) ?? []
    expect(signInUrl.startsWith(`${url}/sign-in?token=`)).toBe(true)
    const db = openDatabase(release.databaseUrl, { max: 1 })
    try {
      const { secret: apiToken } = await createToken(db, await firstOwner(db), 'test', null)
      product = productAt({ url, signInUrl, gitUrl: `${url}/git/main`, apiUrl: `${url}/api/v1`, apiToken })
    } finally {
      await db.close()
    }
  })

  test('helm test asks the product as a pod does', async () => {
    expect(await helm(['test', 'dagbok', '-n', release.namespace])).toMatch(/^Phase: +Succeeded$/m)
  })

  test('a push is a deployment, and its tasks are pods in the namespace of their team', async () => {
    const make = task('id: make\noutputs: {text: text.txt}', 'echo from a pod > "$DAGBOK_OUT/text.txt"')
    const use = task(
      'id: use\nneeds: [make]\ninputs: {text: "${{ tasks.make.outputs.text }}"}',
      'grep "from a pod" "$DAGBOK_IN_TEXT"',
    )
    await pushFlow(product, 'first', notebook('first', make, use))
    const run = await overRun(product, await startFlow(product, 'first'))
    expect(run).toMatchObject({ state: 'succeeded' })
    expect(await podsOfTasks(release.tasks)).toEqual([])
  })

  test('what asks for a process of the server waits, and says that there are none', async () => {
    await pushFlow(product, 'here', notebook('here', task('id: a\nexecutor: process', 'env')))
    const id = await startFlow(product, 'here')
    const said = await until('the page says why', async () => {
      type Waiting = { taskRuns: { whyNotRunning: { sentence: string } | null }[] }
      const { taskRuns } = await product.api<Waiting>(`/runs/${id}`)
      return /own machine/.exec(taskRuns[0]?.whyNotRunning?.sentence ?? '')
    })
    expect(said.input).toMatch(/^This Dagbok runs no tasks on its own machine/)
    await product.api(`/runs/${id}/cancel`, {})
  })

  test('v1 as pods; v2 is pushed and runs as pods of another image meanwhile; both are compared, and nothing of v1 was disturbed', async () => {
    journey = await openJourney(product)
    const score = (more: string, script: string, language: string) => {
      const front = `id: score\noutputs: {rows: {path: rows.csv, key: [id]}}\nmetrics: {accuracy: {better: higher}}`
      return notebook('score', task(`${front}\n${more}`, script, language))
    }
    const shell = `sleep 12
printf 'id,n\\na,1\\nb,2\\n' > "$DAGBOK_OUT/rows.csv"
echo '{"accuracy": 0.8}' >> "$DAGBOK_METRICS"`
    await pushFlow(product, 'score', score(`image: ${release.images}/busybox:1`, shell, 'sh'))
    const first = await startFlow(product, 'score')
    await until('the pod of v1 runs', async () =>
      (await podsOfTasks(release.tasks)).length > 0 ? true : null,
    )
    const python = `import json, os
open(os.environ["DAGBOK_OUT"] + "/rows.csv", "w").write("id,n\\na,1\\nb,5\\n")
open(os.environ["DAGBOK_METRICS"], "a").write(json.dumps({"accuracy": 0.9}) + "\\n")`
    await pushFlow(product, 'score', score(`image: ${release.images}/python:1`, python, 'python'))
    const second = await startFlow(product, 'score')
    const runs = [await overRun(product, second), await overRun(product, first)]
    expect(runs.map(({ state, version }) => `v${version.number} ${state}`)).toEqual([
      'v2 succeeded',
      'v1 succeeded',
    ])
    expect(runs.flatMap(({ taskRuns }) => taskRuns.map(({ attempts }) => attempts.length))).toEqual([1, 1])
    await journey.compares(addressOf('score'))
  })

  test('a task of the pool that names an image runs in a worker that the cluster has there for it', async () => {
    const one = task(
      `id: one\nexecutor: pool\nimage: ${release.images}/python:1\noutputs: {x: x.txt}`,
      `import os, socket; open(os.environ["DAGBOK_OUT"] + "/x.txt", "w").write(socket.gethostname()); print(socket.gethostname())`,
      'python',
    )
    await pushFlow(product, 'warm', notebook('warm', one))
    expect(await overRun(product, await startFlow(product, 'warm'))).toMatchObject({ state: 'succeeded' })
    const workers = ['get', 'deployments', '-n', release.tasks, '-o', 'name']
    expect(await kubectl(workers)).toMatch(/^deployment\.apps\/dagbok-pool-[0-9a-f]{16}$/)
  })

  test('standing workers are added by an upgrade, and take what is for the pool', async () => {
    const { secret: token } = await product.api<{ secret: string }>('/teams/main/worker-tokens', {
      name: 'in-cluster',
    })
    await kubectl(['-n', release.namespace, 'create', '-f', '-'], secret('dagbok-worker-token', { token }))
    await release.upgrade({ workers: undefined })
    await pushFlow(product, 'short', notebook('short', task('id: short\nexecutor: pool', 'hostname', 'sh')))
    const run = await overRun(product, await startFlow(product, 'short'))
    expect(run).toMatchObject({ state: 'succeeded' })
  })

  test('an upgrade under load disturbs no pod, and a rollback none either', async () => {
    const long = task('id: long\nmatrix: {n: [1, 2, 3]}', 'echo begun; sleep 25; echo ended')
    await pushFlow(product, 'long', notebook('long', long))
    const id = await startFlow(product, 'long')
    await until('its pods are there', async () =>
      (await podsOfTasks(release.tasks)).length === 3 ? true : null,
    )
    const before = await podsOfTasks(release.tasks)
    await release.upgrade({ podAnnotations: { changed: 'once' } })
    await helm(['rollback', 'dagbok', '1', '-n', release.namespace, '--wait'])
    expect(await podsOfTasks(release.tasks)).toEqual(before)
    const run = await overRun(product, id)
    expect(run.state).toBe('succeeded')
    expect(run.taskRuns.map(({ attempts }) => attempts.length)).toEqual([1, 1, 1])
  })

  test('[R5] uninstalled with a pod that runs, it leaves nothing in the cluster', async () => {
    await pushFlow(product, 'stay', notebook('stay', task('id: stay', 'sleep 1000')))
    await startFlow(product, 'stay')
    await until('its pod is there', async () => ((await podsOfTasks(release.tasks)).length > 0 ? true : null))
    await helm(['uninstall', 'dagbok', '-n', release.namespace, '--wait', '--timeout', '5m'])
    const kinds = [
      'deployments,jobs,pods,services,configmaps,serviceaccounts,roles,rolebindings',
      'persistentvolumeclaims,networkpolicies,ingresses,poddisruptionbudgets',
    ].join(',')
    const ours = ['-l', 'app.kubernetes.io/instance=dagbok', '-o', 'name']
    expect(await kubectl(['get', kinds, '-n', release.namespace, ...ours])).toBe('')
    // The namespace stays, for what a team has put there itself, and nothing of ours in it.
    const objects = `${kinds},secrets`
    const those = ['-l', 'app.kubernetes.io/name=dagbok', '-o', 'name']
    expect(await kubectl(['get', objects, '-n', release.tasks, ...those])).toBe('')
    expect(await podsOfTasks(release.tasks)).toEqual([])
    expect(await kubectl(['get', 'deployments,pods', '-n', release.tasks, '-o', 'name'])).toBe('')
  })
})
