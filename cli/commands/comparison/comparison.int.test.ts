/** Comparisons and share links from the command line. */
import { beforeAll, expect, test } from 'vitest'
import type { Comparison } from '#server/views/comparison.ts'
import type { RunDetail } from '#server/views/run.ts'
import { gated, scored } from '../../testing/notebooks.ts'
import { signedInCli } from '../../testing/signed-in.ts'

const { product, folder, dagbok, json } = signedInCli('compared', async (copy) => {
  await copy.write('small/small.dag.md', scored('small', 0.9))
  await copy.write('gated/gated.dag.md', gated('gated'))
  await copy.push('First')
  await copy.write('small/small.dag.md', scored('small', 0.8))
  await copy.push('Second')
})

/** A run of each version, and one of another DAG. */
beforeAll(async () => {
  const runs = [['compared/small@v1'], ['compared/small@v2'], ['compared/gated', '-p', `gate=${folder()}`]]
  for (const args of runs) await json<RunDetail>(['run', 'start', ...args, '--watch'])
})

test('a comparison says its verdict first, in the words of the page, and can fail a build', async () => {
  const worse = await dagbok(['compare', 'compared/small@v1', 'compared/small@v2', '--fail-on-regress'])
  expect(worse.code).toBe(1)
  expect(worse.stdout.split('\n')[0]).toBe('Regressed: accuracy −11.1 %, tolerance ±0.5 %')
  expect(worse.stdout).toMatch(/fit\.accuracy +0\.9 +0\.8 −0\.1 · −11\.1 % worse/)
  expect(worse.stdout).toContain('outputs that differ: fit.table')
  const better = await dagbok([
    'compare',
    'compared/small@v1',
    'compared/small@v2',
    '--base',
    'compared/small@v2',
    '--fail-on-regress',
  ])
  expect(better).toMatchObject({ code: 0 })
  expect(better.stdout).toMatch(/^Better: accuracy \+12\.5 %/)

  const data = await json<Comparison>(['compare', 'compared/small#1', 'compared/small#2'])
  const ids = data.runs.map((run) => `runs=${run.id}`).join('&')
  expect(data).toEqual(await product().api(`/compare?${ids}`))
  expect((await dagbok(['compare', 'compared/small#1', 'compared/small#2', '--markdown'])).stdout).toMatch(
    /^\*\*Regressed\*\*: [^\n]+\n\n\| {2}\| v1 run 1 \(baseline\) \| v2 run 2 \|\n\| --- \|/,
  )
  const none = await dagbok(['compare', 'compared/gated@v1', 'compared/small#1'])
  expect(none).toMatchObject({ code: 0 })
})

test('a shared comparison opens without a session until it is revoked', async () => {
  const args = ['compare', 'compared/small#1', 'compared/small#2', '--share', '--expires', '7d']
  const { share } = await json<{ share: { id: string; url: string; expiresAt: string } }>(args)
  expect((Date.parse(share.expiresAt) - Date.now()) / 86_400_000).toBeCloseTo(7, 1)
  expect((await fetch(share.url)).status).toBe(200)
  expect((await dagbok(['share', 'list'])).stdout).toMatch(
    new RegExp(`${share.id} +2 +Owner .*expires in 7 d`),
  )
  expect((await dagbok(['share', 'revoke', share.id])).code).toBe(0)
  expect(await (await fetch(share.url)).text()).not.toContain('Regressed')
  expect((await dagbok(['share', 'list'])).stdout).toMatch(new RegExp(`${share.id} .*revoked`))
})
