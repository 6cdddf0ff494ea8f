/** kill -9 of the whole product at each stage of a run (R1, R2): one data folder, one life per kill. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { cloneRepository } from '../fixtures/repository.ts'
import { judge, readLedger, type SeenRun } from './ledger.ts'
import { MortalProduct } from './product.ts'
import { endThem, markedWith, stillAlive, type Marked } from './survivors.ts'
import { until } from './until.ts'

/** Where a life ends, and what its run's first task must have been through in the end. */
interface Kill {
  id: string
  /** null: the test kills from outside, when the task's code runs or its retry waits. */
  failpoint: string | null
  attempts: string[]
  /** How many of the first task's attempts had started their code. */
  started: number
}

const kills: Kill[] = [
  { id: 'made', failpoint: 'run.admit.before', attempts: ['succeeded'], started: 1 },
  { id: 'claimed', failpoint: 'attempt.claim.after-record', attempts: ['lost', 'succeeded'], started: 1 },
  {
    id: 'spawned',
    failpoint: 'attempt.spawn.after-effect-before-record',
    attempts: ['lost', 'succeeded'],
    started: 1,
  },
  { id: 'submitted', failpoint: 'attempt.gate.before', attempts: ['lost', 'succeeded'], started: 1 },
  { id: 'gate', failpoint: 'attempt.gate.after-record', attempts: ['lost', 'succeeded'], started: 1 },
  { id: 'running', failpoint: null, attempts: ['lost', 'succeeded'], started: 2 },
  {
    id: 'output',
    failpoint: 'output.publish.after-effect-before-record',
    attempts: ['lost', 'succeeded'],
    started: 2,
  },
  { id: 'ended', failpoint: 'attempt.end.before', attempts: ['lost', 'succeeded'], started: 2 },
  { id: 'recorded', failpoint: 'attempt.end.after-record', attempts: ['succeeded'], started: 1 },
  { id: 'delay', failpoint: null, attempts: ['failed', 'succeeded'], started: 2 },
]

const starts = 'echo "$DAGBOK_RUN_ID $DAGBOK_TASK - $DAGBOK_ATTEMPT" >> "$DAGBOK_PARAM_LEDGER"'

/** Two tasks; the first leaves a process outside its group, waits while a file is there, and leaves an output. */
const notebook = (id: string) => `---
dagbok: 1
id: ${id}
params:
  ledger: {type: string}
  hold: {type: string}
---

\`\`\`yaml task
id: ${id}_first
retries: ${id === 'delay' ? 1 : 0}
retry_delay: 4s
outputs: {out: out.txt}
\`\`\`
\`\`\`bash script
${starts}
setsid sleep 900 < /dev/null > /dev/null 2>&1 &
while [ -e "$DAGBOK_PARAM_HOLD" ]; do sleep 0.05; done
${id === 'delay' ? '[ "$DAGBOK_ATTEMPT" -gt 1 ]' : ''}
echo whole > "$DAGBOK_OUT/out.txt"
\`\`\`

\`\`\`yaml task
id: ${id}_second
needs: [${id}_first]
inputs: {out: "\${{ tasks.${id}_first.outputs.out }}"}
\`\`\`
\`\`\`bash script
${starts}
grep -qx whole "$DAGBOK_IN_OUT"
\`\`\`
`

let product: MortalProduct
let ledger = ''
let hold = ''

beforeAll(async () => {
  product = await MortalProduct.make()
  ledger = join(product.folder, 'ledger')
  hold = join(product.folder, 'hold')
  await writeFile(ledger, '')
  // As root the tasks have another user id.
  await chmod(ledger, 0o666)
})
afterAll(async () => {
  endThem(await markedWith(ledger))
  await product.remove()
})

beforeEach(({ onTestFailed }) => onTestFailed(() => console.error(product.said)))

const lines = async () => readLedger(await readFile(ledger, 'utf8'))

async function runsOf(id: string): Promise<SeenRun[]> {
  const rows = await product.api<{ id: string }[]>(`/dags/main/faults/${id}/runs`)
  return Promise.all(rows.map((row) => product.api<SeenRun>(`/runs/${row.id}`)))
}

const over = (id: string): Promise<SeenRun[]> =>
  until(`the run of '${id}' has ended`, async () => {
    const runs = await runsOf(id)
    return runs.every((one) => ['succeeded', 'failed', 'cancelled'].includes(one.state)) ? runs : null
  })

/** Starts the run in whose course this life is to end. Its answer may be cut off by the end itself. */
async function begin(id: string): Promise<void> {
  const params = { ledger, hold: id === 'running' || id === 'mutant' ? hold : join(product.folder, 'none') }
  await product.api(`/dags/main/faults/${id}/runs`, { params }).catch((error: unknown) => {
    if (!(error instanceof TypeError)) throw error
  })
}

async function dieAt({ id, failpoint }: Pick<Kill, 'id' | 'failpoint'>): Promise<Marked[]> {
  if (failpoint === null) {
    if (id === 'delay')
      await until(
        'its retry waits',
        async () => (await runsOf(id))[0]?.taskRuns.some((one) => one.state === 'retrying') === true,
      )
    else await until('its code runs', async () => (await lines()).some(({ task }) => task === `${id}_first`))
    await product.kill()
  } else await product.died()
  return markedWith(ledger)
}

const armed = (kill: Kill | undefined): string[] => {
  if (kill === undefined || kill.failpoint === null) return []
  return [`${kill.failpoint}${kill.failpoint.startsWith('run.') ? '' : `@${kill.id}_first`}=kill`]
}

test('[R1] [R2] after a kill -9 at any stage of a run it ends right, and no attempt’s code starts twice', async () => {
  const ready = await product.start(armed(kills[0]))
  const copy = await cloneRepository(ready, 'faults')
  for (const { id } of [...kills, { id: 'mutant' }]) await copy.write(`${id}/${id}.dag.md`, notebook(id))
  await copy.push('DAGs to be killed')
  await copy.remove()
  await writeFile(hold, '')
  const survivors: Record<string, number> = {}
  for (const [i, kill] of kills.entries()) {
    await begin(kill.id)
    const left = await dieAt(kill)
    survivors[kill.id] = left.length
    if (kill.id === 'running') await rm(hold)
    await product.start(armed(kills[i + 1]))
    expect(await stillAlive(left, ledger), `after the kill at '${kill.id}'`).toEqual([])
    // Each run meets its own kill only: the next one waits until this one is over.
    await over(kill.id)
  }
  // That nothing survives says something: the kill itself left the task's processes alone.
  expect(survivors['running']).toBeGreaterThanOrEqual(2)
  for (const { id, attempts, started } of kills) {
    const [run, ...more] = await over(id)
    expect(more).toEqual([])
    const first = run?.taskRuns.find(({ task }) => task === `${id}_first`)
    expect(
      first?.attempts.map(({ state }) => state),
      id,
    ).toEqual(attempts)
    expect(
      (await lines()).filter(({ task }) => task === `${id}_first`),
      id,
    ).toHaveLength(started)
    const own = (await lines()).filter((line) => line.run === run?.id)
    expect(judge(own, run === undefined ? [] : [run], id === 'delay' ? 1 : 0)).toEqual([])
  }
  expect(await markedWith(ledger)).toEqual([])
})

test('mutant: a product that leaves processes of an earlier life alone is caught', async () => {
  await writeFile(hold, '')
  await begin('mutant')
  const left = await dieAt({ id: 'mutant', failpoint: null })
  await rm(hold)
  await product.start(['orphans.end.before=skip'])
  expect(await stillAlive(left, ledger)).not.toEqual([])
})

test('mutant: code that starts twice, for no attempt, or not at all is caught', async () => {
  const [run] = await runsOf('made')
  if (run === undefined) throw new Error('the first test made this run')
  const own = (await lines()).filter((line) => line.run === run.id)
  const [one] = own
  if (one === undefined) throw new Error('its code started')
  expect(judge(own, [run])).toEqual([])
  expect(judge([...own, one], [run])).toEqual([expect.stringContaining('started 2 times')])
  expect(judge([...own, { ...one, attempt: 9 }], [run])).toEqual([expect.stringContaining('is no attempt')])
  expect(judge(own.slice(1), [run])).toEqual([expect.stringContaining('succeeded without its code')])
  expect(judge(own, [{ ...run, state: 'running' }])).toEqual([`run ${run.id} is running`])
})
