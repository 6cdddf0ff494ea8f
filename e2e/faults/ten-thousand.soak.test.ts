/** 10,000 tasks: two schedulers and three workers of the pool, each of which is killed ten times meanwhile. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hireFar, type Far } from './far.ts'
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
executor: pool
queue: far
matrix: {n: [${Array.from({ length: items }, (_, i) => i).join(', ')}]}
\`\`\`
\`\`\`bash script
printf '%s %s\\n' "$DAGBOK_ATTEMPT_ID" "\${EPOCHREALTIME/./}000" >> "$DAGBOK_PARAM_LEDGER"
\`\`\`
`

let site: Site
let far: Far
beforeAll(async () => {
  site = await openSite({ notebook, workers: 2, leaseMs: 5000 })
  // Two workers at the first scheduler's desk, one at the second's.
  far = await hireFar(site, [0, 1, 0])
})
afterAll(async () => {
  await far?.close()
  await site?.close()
})

const tasksEnded = async () => {
  const [row] = await site.db.client<{ n: number }[]>`
    select count(*)::int as n from task_run where ended_at is not null`
  return row?.n ?? 0
}

test('[R1] [R2] 10,000 tasks, two schedulers, three workers, fifty kills: each code starts at most once, and every run ends', async () => {
  const ids: string[] = []
  for (let i = 0; i < runs; i++) ids.push(await site.start())
  const began = performance.now()
  const fleet = [...site.fleet, ...far.workers]
  for (const member of fleet) member.start()
  const kills = killsOfEach * fleet.length
  for (let killed = 0; (await openRuns(site.db.client)) > 0;) {
    // Spread over the whole work: one after the other, each time that so much is done.
    if (killed < kills && (await tasksEnded()) >= ((killed + 1) * runs * items) / (kills + 1)) {
      const member = fleet[killed++ % fleet.length]
      await member?.kill()
      member?.start()
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
  expect(fleet.map(({ lives }) => lives)).toEqual(fleet.map(() => killsOfEach + 1))
}, 7_200_000)
