/** A release of the chart on the cluster that is up, with a Postgres, a bucket and a volume of this machine. */
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { identifier, openSql } from '#db/sql.ts'
import { productImage } from '#k8s/test-cluster/product-image.ts'
import { pushImage } from '#k8s/test-cluster/push.ts'
import { network, nodeName, state } from '#k8s/test-cluster/settings.ts'
import { apply, kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { chart, helm } from './helm.ts'
import { passOn } from './pass-on.ts'

export interface Release {
  namespace: string
  /** Of the team `main`. */
  tasks: string
  /** The address of the database, as this machine reaches it. */
  databaseUrl: string
  /** Registry of the images of tasks. */
  images: string
  /** Where people reach it. */
  url: string
  install: (more?: object) => Promise<string>
  upgrade: (more?: object) => Promise<string>
  /** What the release leaves is removed, too. */
  remove: () => Promise<void>
}

async function ownDatabase(): Promise<{ url: URL; drop: () => Promise<void> }> {
  const server = inject('databaseUrl')
  const name = `test_${randomBytes(8).toString('hex')}`
  const onServer = async (text: string) => {
    const client = openSql(server, { max: 1 })
    try {
      await client.run(text)
    } finally {
      await client.end()
    }
  }
  // Not of the template: the chart makes its tables.
  await onServer(`create database ${identifier(name)}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url, drop: () => onServer(`drop database if exists ${identifier(name)} with (force)`) }
}

/** The Postgres of the tests listens on a socket alone. */
const placeOf = ({ searchParams, port }: URL) => ({
  path: join(searchParams.get('host') ?? '', `.s.PGSQL.${port}`),
})

/** A manifest. */
export const secret = (name: string, stringData: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
})

/** A volume that is a folder of node 1, for this claim alone. */
async function makeVolume(namespace: string, name: string): Promise<string> {
  const folder = join(state, `volume-${namespace}`)
  await mkdir(folder, { recursive: true })
  await apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: namespace },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'of-tests',
      claimRef: { namespace, name },
      local: { path: folder },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            {
              matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName(1)] }],
            },
          ],
        },
      },
    },
  })
  return folder
}

/** Its tag is of its content: a node keeps what it has pulled by a tag. */
async function pushProduct(): Promise<string> {
  const folder = join(state, 'product-image')
  await rm(folder, { recursive: true, force: true })
  try {
    await productImage(folder, () => {})
    const manifest = await readFile(join(folder, 'manifest.json'))
    const tag = createHash('sha256').update(manifest).digest('hex').slice(0, 12)
    await pushImage(inject('registry'), `dagbok:${tag}`, folder)
    return tag
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Of the example's values, what is another here. */
function valuesHere(namespace: string, tag: string, bucket: string) {
  const registry = inject('registry')
  // What is left of a test that was cut off may still have its own.
  const nodePort = randomInt(30_000, 32_768)
  const serviceAddress = `10.214.${randomInt(64, 255)}.${randomInt(1, 255)}`
  return {
    image: { repository: `${registry}/dagbok`, tag },
    agent: { repository: `${registry}/dagbok-agent`, tag: '1' },
    publicUrl: `http://${network.cluster}:${nodePort}`,
    store: { address: bucket },
    service: { type: 'NodePort', clusterIP: serviceAddress, nodePort },
    persistence: { storageClass: 'of-tests', size: '1Gi', keep: false },
    // There is no DNS in the cluster of the tests.
    tasks: {
      namespace: `${namespace}-{team}`,
      address: `http://${serviceAddress}:7310`,
      image: `${registry}/workshop:1`,
      cpu: 0.2,
      pool: { workers: 2, cpu: 0.2, memory: 2 ** 29, idle: 600 },
    },
    resources: { requests: { cpu: '200m', memory: '512Mi' } },
    workers: [],
  }
}

export async function openRelease(): Promise<Release> {
  const namespace = `chart-${randomBytes(3).toString('hex')}`
  const tag = await pushProduct()
  const database = await ownDatabase()
  const s3 = await S3Server.open()
  const toDatabase = await passOn(inject('machine'), placeOf(database.url))
  const toBucket = await passOn(inject('machine'), { port: s3.port })
  const asPodsSee = new URL(database.url)
  asPodsSee.host = `${inject('machine')}:${toDatabase.port}`
  asPodsSee.search = ''
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: restricted } })
  const inside = ['-n', namespace, 'create', '-f', '-']
  await kubectl(inside, secret('dagbok-database', { url: asPodsSee.href }))
  await kubectl(inside, secret('dagbok-secrets-key', { key: 'a key of tests, which is long enough' }))
  const { accessKeyId, secretAccessKey } = s3.keys
  await kubectl(
    inside,
    secret('dagbok-bucket', { 'access-key-id': accessKeyId, 'secret-access-key': secretAccessKey }),
  )
  const folder = await makeVolume(namespace, 'dagbok')
  const bucket = `s3://dagbok-test/chart?endpoint=${encodeURIComponent(`http://${inject('machine')}:${toBucket.port}`)}`
  const values = valuesHere(namespace, tag, bucket)
  const place = ['dagbok', chart, '-n', namespace, '--wait', '--timeout', '5m']
  const example = ['--values', join(chart, 'values.example.yaml'), '--values', '-']
  return {
    namespace,
    tasks: `${namespace}-main`,
    databaseUrl: database.url.href,
    images: inject('registry'),
    url: values.publicUrl,
    install: (more = {}) => helm(['install', ...place, ...example], { ...values, ...more }),
    upgrade: (more = {}) => helm(['upgrade', ...place, ...example], { ...values, ...more }),
    remove: async () => {
      await helm(['uninstall', 'dagbok', '-n', namespace, '--ignore-not-found', '--wait']).catch(() => {})
      await kubectl(['delete', 'namespace', namespace, `${namespace}-main`, '--ignore-not-found'])
      await kubectl(['delete', 'persistentvolume', namespace, '--ignore-not-found'])
      await rm(folder, { recursive: true, force: true })
      toDatabase.close()
      toBucket.close()
      await s3.close()
      await database.drop()
    },
  }
}
