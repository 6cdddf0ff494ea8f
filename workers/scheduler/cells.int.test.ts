/** A component with a matrix of its own inside, used with a matrix: through git, the scheduler and real processes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { openWorkshop, type Workshop } from '../testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop(database())
})
afterAll(() => shop.close())

const fence = '```'
const task = (yaml: string, script: string) =>
  `${fence}yaml task\n${yaml}\n${fence}\n${fence}bash script\n${script}\n${fence}\n\n`
const component = `---
dagbok: 1
id: fit
kind: component
params: {alpha: {type: integer, default: 0}}
outputs: {all: "\${{ tasks.sum.outputs.all }}"}
---

${task('id: make\noutputs: {table: t.txt}', 'echo "alpha $DAGBOK_PARAM_ALPHA" > "$DAGBOK_OUT/t.txt"')}
${task(
  'id: train\nneeds: [make]\nmatrix: {seed: [1, 2]}\ninputs: {table: "${{ tasks.make.outputs.table }}"}\noutputs: {model: m.txt}',
  'echo "$(cat "$DAGBOK_IN_TABLE") seed $DAGBOK_MATRIX_SEED of $DAGBOK_MATRIX_ALPHA" > "$DAGBOK_OUT/m.txt"',
)}
${task(
  'id: sum\nneeds: [train]\ninputs: {models: "${{ tasks.train.outputs.model }}"}\noutputs: {all: all.txt}',
  'cat "$DAGBOK_IN_MODELS"/*/m.txt "$DAGBOK_IN_MODELS/index.json" > "$DAGBOK_OUT/all.txt"',
)}`
const notebook = `---
dagbok: 1
id: cells
---

${fence}yaml task
id: fit
uses: ./fit.dag.md
matrix: {alpha: [7, 8]}
with: {alpha: "\${{ matrix.alpha }}"}
${fence}

${task('id: report\nneeds: [fit]\ninputs: {all: "${{ tasks.fit.outputs.all }}"}', 'cat "$DAGBOK_IN_ALL"/*/all.txt')}`

test('[N7] each item of a cell sees what is in its cell, and what comes after it in the cell gets a folder of those', async () => {
  const tree = await shop.hosted.work('cells', { 'd/cells.dag.md': notebook, 'd/fit.dag.md': component })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('cells'), 'main')
  const run = await shop.ended('cells', 1)
  expect(run.state).toBe('succeeded')
  const rows = await database().client<{ task: string; key: string }[]>`
    select task, key from task_run where run_id = ${run.id} and key is not null order by task, index`
  expect(rows.map(({ task: id, key }) => `${id} ${key}`)).toEqual([
    'fit.make alpha=7',
    'fit.make alpha=8',
    'fit.sum alpha=7',
    'fit.sum alpha=8',
    'fit.train alpha=7,seed=1',
    'fit.train alpha=7,seed=2',
    'fit.train alpha=8,seed=1',
    'fit.train alpha=8,seed=2',
  ])
  const text = await shop.log(run.id, 'report')
  expect(text).toMatch(/^alpha 7 seed 1 of 7\nalpha 7 seed 2 of 7\n/)
  expect(text).toMatch(/alpha 8 seed 1 of 8\nalpha 8 seed 2 of 8\n/)
  const indices = [...text.matchAll(/"key": ?"([^"]+)"/g)].map(([, key]) => key)
  expect(indices).toEqual(['alpha=7,seed=1', 'alpha=7,seed=2', 'alpha=8,seed=1', 'alpha=8,seed=2'])
})
