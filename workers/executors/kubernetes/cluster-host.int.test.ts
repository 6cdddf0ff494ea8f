/** What whoever looks after a cluster says of it, as everybody reads it over REST. */
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as handle } from '#app/api/v1/[...path]/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { clustersOf } from '#server/config/clusters.ts'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { openWeb } from '#server/testing/web.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import type { DeploymentView } from '#server/views/deployment.ts'
import { ClusterError } from './cluster-error.ts'
import { ClusterHost } from './cluster-host.ts'
import { Deployments } from './warm-pool/deployments.ts'
import { PaperCluster } from './testing/paper-cluster.ts'

const { database, url } = testDatabase()
const one = { address: 'http://dagbok.test', agent_image: 'a:1', image: 'i:1', namespace: 'paper' }
const clusters = clustersOf(
  JSON.stringify({ instance: 'paper', clusters: { east: one, west: one } }),
  'clusters',
)
let hosted: Hosted
let paper: PaperCluster
beforeAll(async () => {
  hosted = await startHosted(database())
  paper = await new PaperCluster().open()
  openWeb({ ...hosted.ctx, clusters })
})
afterAll(async () => {
  await paper.close()
  await hosted.close()
})

async function standings(): Promise<DeploymentView['clusters']> {
  const headers = { authorization: `Bearer ${hosted.token}` }
  const response = await handle(new Request('http://dagbok.test/api/v1/deployment', { headers }))
  return ((await response.json()) as DeploymentView).clusters
}

function hostOf(address: () => string): ClusterHost {
  const [cluster] = clusters
  if (cluster === undefined) throw new Error('there is no cluster in the settings')
  const never = () => Promise.resolve(false)
  return new ClusterHost({
    cluster,
    client: paper.client(),
    deployments: new Deployments(paper.calls()),
    workerGone: () => {},
    address,
    databaseUrl: url(),
    db: database(),
    artifacts: hosted.ctx.artifacts,
    secrets: new SecretsOfAttempts(database(), hosted.ctx.secrets),
    sink: {
      submitted: never,
      passGate: never,
      appendLog: never,
      ended: never,
      heartbeat: () => Promise.resolve(new Map()),
    },
    scheduler: { serve: () => {}, retire: () => {} },
    released: () => {},
    log: pino({ level: 'silent' }),
    tryMs: 50,
    reportMs: 50,
  })
}
const saying = (fault: RegExp | null) =>
  expect
    .poll(async () => (await standings())[0], { timeout: 60_000 })
    .toMatchObject({ name: 'east', fault: fault === null ? null : (expect.stringMatching(fault) as string) })

test('of each cluster it is said who answers, where, and why nobody does', async () => {
  expect((await standings()).map(({ name, reachable }) => [name, reachable])).toEqual([
    ['east', null],
    ['west', null],
  ])
  let address = () => 'https://me:secret@k8s.example:6443/'
  const host = hostOf(() => address())
  host.start()
  try {
    await saying(null)
    const server = 'https://k8s.example:6443'
    expect((await standings())[0]).toMatchObject({ server, version: 'v1.33.2', reachable: true })
    expect((await standings())[1]).toMatchObject({
      reachable: null,
      fault: expect.stringMatching(/^Nobody/) as string,
    })

    paper.instead = ({ url: path = '' }, response) => {
      if (!path.startsWith('/version')) return false
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"who are you"}')
      return true
    }
    await saying(/^The API server answered with status 401: who are you$/)
    expect((await standings())[0]).toMatchObject({ server, version: null, reachable: false })
    paper.instead = () => false
    await saying(null)

    address = () => {
      throw new ClusterError('config', 'The kubeconfig cannot be used: it has no context ‘x’')
    }
    await saying(/^The kubeconfig cannot be used: it has no context/)
    expect((await standings())[0]).toMatchObject({ server: null, reachable: false })
  } finally {
    await host.stop()
  }
})
