/** What the first start leaves: the examples, run by the path of any push; each shows what it is there for. */
import type { DagSummary } from '#server/views/dag.ts'
import type { RunDetail } from '#server/views/run.ts'
import { hasPython, noPython } from '#workers/testing/python.ts'
import type { GivenProduct } from '../fixtures/product.ts'
import { overRunOf } from '../fixtures/runs.ts'
import { expect, test } from '../fixtures/test.ts'

/** The first run of an example, once it is over. */
const firstRun = (product: GivenProduct, dag: string) => overRunOf(product, `main/examples/${dag}`, 1)

/** `{fetch: 'succeeded'}`; an item of a matrix stands as `year year=2012`. */
const statesOf = (run: RunDetail) =>
  Object.fromEntries(
    run.taskRuns.map(({ task, key, state }) => [key === null ? task : `${task} ${key}`, state]),
  )

test('penguins: an attempt that fails and one that succeeds, a task that is skipped, a clean-up that ran', async ({
  product,
}) => {
  const run = await firstRun(product, 'penguins')
  expect(run).toMatchObject({ state: 'succeeded', trigger: 'push', version: { number: 1 } })
  expect(statesOf(run)).toEqual({
    fetch: 'succeeded',
    'tidy.drop': 'succeeded',
    'tidy.rename': 'succeeded',
    species: 'succeeded',
    publish: 'skipped',
    clean_up: 'succeeded',
  })
  const attempts = run.taskRuns.find(({ task }) => task === 'fetch')?.attempts
  expect(attempts).toMatchObject([
    { n: 1, state: 'failed', exitCode: 1 },
    { n: 2, state: 'succeeded', exitCode: 0 },
  ])
  const log = async (n: number) => {
    const { apiUrl, apiToken } = product.ready
    const response = await fetch(`${apiUrl}/runs/${run.id}/tasks/fetch/attempts/${n}/log`, {
      headers: { authorization: `Bearer ${apiToken}` },
    })
    return response.text()
  }
  expect(await log(1)).toContain('503')
  expect(await log(2)).not.toContain('503')
})

test('weather: every year and the report are green', async ({ product }) => {
  const run = await firstRun(product, 'weather')
  expect(run.state).toBe('succeeded')
  expect(statesOf(run)).toEqual({
    load: 'succeeded',
    'year year=2012': 'succeeded',
    'year year=2013': 'succeeded',
    'year year=2014': 'succeeded',
    'year year=2015': 'succeeded',
    report: 'succeeded',
  })
})

test('flippers is green where python3 is', async ({ product }) => {
  test.skip(!hasPython, noPython)
  expect((await firstRun(product, 'flippers')).state).toBe('succeeded')
})

test('the examples are there, flippers among them where python3 is', async ({ product }) => {
  const seeded = () => product.said().includes('The examples are in')
  await expect.poll(seeded, { timeout: 120_000 }).toBe(true)
  const { dags } = await product.api<{ dags: DagSummary[] }>('/dags')
  const names = dags.filter(({ ref }) => ref.repo === 'examples').map(({ ref }) => ref.dag)
  expect(names.toSorted()).toEqual([...(hasPython ? ['flippers'] : []), 'iris', 'penguins', 'weather'])
})
