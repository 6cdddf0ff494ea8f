import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { clustersOf, readClusters } from './clusters.ts'

const least = 'address: https://dagbok.example\n    agent_image: a:1'

test('a cluster is what its file says, and what a plain one has', () => {
  const [cluster] = clustersOf(
    `instance: prod\nclusters:\n  gpu:\n    ${least}\n    context: far\n    pods: 7\n    namespace: x-{team}\n    teams: {main: {service_accounts: [trainer]}}\n`,
    'c.yaml',
  )
  expect(cluster).toMatchObject({ name: 'gpu', context: 'far', pods: 7 })
  expect(cluster?.namespaceOf('my_team')).toBe('x-my-team')
  expect(cluster?.allowedTo('main').service_accounts).toEqual(['trainer'])
  expect(cluster?.allowedTo('other').service_accounts).toEqual([])
  expect(cluster?.deploymentOf('main')).toMatchObject({
    namespace: 'x-main',
    instance: 'prod',
    agent: { image: 'a:1' },
    address: 'https://dagbok.example',
    defaults: { image: null, userId: 1000 },
  })
})

test.for([
  [
    'clusters:\n  default: {}\n',
    /c\.yaml: clusters\.default\.address: .*\nc\.yaml: clusters\.default\.agent_image: /,
  ],
  [`instance: x\nclusters:\n  default:\n    ${least}\n    pod: 3\n`, /c\.yaml: clusters\.default: .*pod/],
  [`instance: x\nclusters:\n  Big:\n    ${least}\n`, /c\.yaml: clusters\.Big: /],
  [
    `clusters:\n  default:\n    ${least}\n    teams: {main: {root: 1}}\n`,
    /c\.yaml: clusters\.default\.teams\.main\.root: /,
  ],
  [`clusters:\n  default:\n    ${least}\n`, /c\.yaml: instance: /],
  ['clusters: [', /^c\.yaml: /],
] as const)('what is wrong in it is said with its place: %s', ([text, says]) => {
  expect(() => clustersOf(text, 'c.yaml')).toThrow(says)
})

test('without a file there are none; one that cannot be read is an error', async () => {
  expect(readClusters(null)).toEqual([])
  expect(() => readClusters('/nowhere/c.yaml')).toThrow(
    /DAGBOK_CLUSTERS_FILE names \/nowhere\/c\.yaml, .*ENOENT/,
  )
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-clusters-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'c.yaml'), `instance: x\nclusters:\n  default:\n    ${least}\n`)
  expect(readClusters(join(folder, 'c.yaml')).map(({ name }) => name)).toEqual(['default'])
})
