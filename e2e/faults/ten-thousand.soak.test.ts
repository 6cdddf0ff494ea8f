/** 10,000 tasks by three workers on one database, each of which is killed ten times meanwhile. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type Site } from './fleet-site.ts'
import { attemptRows, judgeAttempts, judgeRuns, openRuns } from './history.ts'
import { pause } from './until.ts'

const runs = 10
const items = 1000
const killsOfEach = 10

const notebook = `---
dagbok: 1
id: fleet
params:
  ledger: {type: string}
---

\`\`\`yaml task
id: many
infrastructure_retries: 100
matrix: {n: [${Array.from({ length: items }, (_, i) => i).join(', ')}]}
\`\`\`
\`\`\`bash script
printf '%s %s\\n' "$DAGBOK_ATTEMPT_ID" "\${EPOCHREALTIME/./}000" >> "$DAGBOK_PARAM_LEDGER"
\`\`\`
`

let site: Site
beforeAll(async () => {
  site = await openSite({ notebook, workers: 3, leaseMs: 5000 })
})
afterAll(() => site?.close())

const tasksEnded = async () => {
  const [row] = await site.db.client<{ n: number }[]>`
    select count(*)::int as n from task_run where ended_at is not null`
  return row?.n ?? 0
}

test('[R1] [R2] 10,000 tasks, three workers, thirty kills: each code starts at most once, and every run ends', async () => {
  const ids: string[] = []
  for (let i = 0; i < runs; i++) ids.push(await site.start())
  const began = performance.now()
  for (const worker of site.fleet) worker.start()
  const kills = killsOfEach * site.fleet.length
  for (let killed = 0; (await openRuns(site.db.client)) > 0;) {
    // Spread over the whole work: one worker after the other, each time that so much is done.
    if (killed < kills && (await tasksEnded()) >= ((killed + 1) * runs * items) / (kills + 1)) {
      const worker = site.fleet[killed++ % site.fleet.length]
      await worker?.kill()
      worker?.start()
      console.log(`kill ${killed} of ${kills} after ${Math.round((performance.now() - began) / 1000)} s`)
    }
    await pause(50)
  }
  const seconds = (performance.now() - began) / 1000
  const rows = await attemptRows(site.db)
  const faults = [...judgeAttempts(rows, await site.starts(), 0), ...(await judgeRuns(site.db, ids))]
  const lost = rows.filter(({ state }) => state === 'lost').length
  console.log(
    `${runs * items} tasks in ${seconds.toFixed(1)} s (${((runs * items) / seconds).toFixed(0)} a second), ${rows.length} attempts, ${lost} lost`,
  )
  expect(faults.slice(0, 20)).toEqual([])
  expect(rows.filter(({ state }) => state === 'succeeded')).toHaveLength(runs * items)
  expect(site.fleet.map(({ lives }) => lives)).toEqual(site.fleet.map(() => killsOfEach + 1))
}, 7_200_000)
