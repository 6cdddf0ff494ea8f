/** Digests of the images of versions (N10): the first one stands, and what comes to be another is shown. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findDagRow } from '#db/queries/dag-view.ts'
import { digestsOfVersion, noteImages } from '#db/queries/version-image.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { startHosted, type Hosted } from '../../testing/hosted.ts'
import { listVersions } from './read-version.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
})
afterAll(() => hosted.close())

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const [fit, made] = ['r.example/fit:2', 'r.example/make:1']

test('[N10] the digest that a version was first run with stands; a newer one of the same name is shown as drift', async () => {
  const tree = await hosted.work('drift', {})
  for (const line of ['first', 'second']) {
    await tree.write({ 'drift.dag.yaml': `dagbok: 1\nid: drift\ntasks: [{id: a, command: [${line}]}]\n` })
    await tree.commit(line)
    await tree.git('push', '-q', hosted.remote('drift'), 'HEAD:refs/heads/main')
  }
  const [team] = await database().client<{ id: string }[]>`select id from team`
  const dag = await findDagRow(database(), team?.id ?? '', 'drift', 'drift')
  if (dag === null) throw new Error('there is no DAG')
  const versions = () => listVersions(hosted.ctx, dag)
  const [second, first] = await versions()
  const note = (id: string | undefined, image: string, letter: string) =>
    noteImages(database(), id ?? '', 'default', [{ image, digest: digest(letter) }])

  await note(first?.id, fit, 'a')
  await note(first?.id, made, 'c')
  await note(first?.id, fit, 'a')
  expect((await versions()).map(({ images }) => images.map((one) => [one.image, one.drift]))).toEqual([
    [],
    [
      [fit, null],
      [made, null],
    ],
  ])

  await note(second?.id, fit, 'b')
  expect((await versions()).map(({ images }) => images)).toMatchObject([
    [{ image: fit, digest: digest('b'), drift: null }],
    [
      { image: fit, digest: digest('a'), drift: { digest: digest('b') } },
      { image: made, digest: digest('c'), drift: null },
    ],
  ])

  // Of two attempts at once the second was given another image: it changes nothing for those after it.
  await note(first?.id, made, 'd')
  expect(await digestsOfVersion(database(), first?.id ?? '')).toEqual(
    new Map([
      [fit, digest('a')],
      [made, digest('c')],
    ]),
  )
  expect((await versions())[1]?.images[1]).toMatchObject({
    digest: digest('c'),
    drift: { digest: digest('d') },
  })
})
