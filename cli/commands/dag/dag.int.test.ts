/** What starts DAGs, and pools, from the command line. */
import { expect, test } from 'vitest'
import type { Backfill, BackfillPreview } from '#server/views/backfill.ts'
import type { DagDetail, RunSummary, WebhookView } from '#server/views/dag.ts'
import type { VersionDiff } from '#server/views/version.ts'
import type { PodView } from '#server/views/pod.ts'
import type { Pool } from '#server/views/pool.ts'
import { daily, late, podded, scored } from '../../testing/notebooks.ts'
import { signedInCli } from '../../testing/signed-in.ts'

const { product, dagbok, json } = signedInCli('starts', async (copy) => {
  await copy.write('daily/daily.dag.md', daily('daily'))
  await copy.write('small/small.dag.md', scored('small', 0.9))
  await copy.write('late/late.dag.md', late('late'))
  await copy.write('podded/podded.dag.yaml', podded)
  await copy.push('First')
  await copy.write('small/small.dag.md', scored('small', 0.8))
  await copy.push('Second')
})

test('a DAG is paused and resumed; its view says so, and when it starts next', async () => {
  const view = (await dagbok(['dag', 'view', 'starts/daily'])).stdout
  expect(view).toMatch(/^main\/starts\/daily[\s\S]*schedule {2}0 6 \* \* \* Europe\/London[\s\S]*in \d+ /)
  expect(await json<DagDetail>(['dag', 'view', 'starts/daily'])).toMatchObject({ paused: null })
  expect((await dagbok(['dag', 'pause', 'starts/daily'])).stdout).toContain('main/starts/daily is paused')
  expect((await dagbok(['dag', 'view', 'starts/daily'])).stdout).toMatch(/paused by Owner/)
  expect(await dagbok(['dag', 'pause', 'starts/daily'])).toMatchObject({
    code: 1,
    stderr: 'dagbok: daily is paused already.\n',
  })
  expect((await dagbok(['dag', 'resume', 'starts/daily'])).code).toBe(0)
  expect((await dagbok(['dag', 'audit', 'starts/daily'])).stdout).toMatch(
    /dag\.resume +Owner[\s\S]*dag\.pause +Owner/,
  )
  expect((await dagbok(['dag', 'view', 'starts/small'])).stdout).toContain('nothing starts it by itself')
})

test('the pod of a task is shown; where it is none, or there is no cluster, that is said and the command fails', async () => {
  expect(await dagbok(['dag', 'pod', 'starts/small', 'fit'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'fit is no pod: `process` runs it.\n',
  })
  const said =
    'This Dagbok has no cluster: whoever runs it names one in the file that DAGBOK_CLUSTERS_FILE names.'
  expect(await json<PodView>(['dag', 'pod', 'starts/podded@v1', 'a'], 1)).toMatchObject({
    kind: 'none',
    says: said,
  })
  const run = await json<RunSummary>(['run', 'start', 'starts/podded'])
  expect(await dagbok(['run', 'view', run.id, '--task', 'a', '--pod'])).toMatchObject({
    code: 1,
    stderr: `${said}\n`,
  })
  expect((await dagbok(['run', 'cancel', run.id])).code).toBe(0)
})

test('what a schedule catches up on and has not run yet is told, with what holds it back', async () => {
  await expect
    .poll(async () => (await dagbok(['dag', 'view', 'starts/late'])).stdout, { timeout: 60_000 })
    .toMatch(
      /^not run yet {2}2025-01-03T06:00:00\.000Z and \d{3} after it: 1 scheduled run of this version of late waits for its start, as many as may \(max_active_runs 1\): run 2\. The next date/m,
    )
})

test('past dates are previewed, filled, paused, resumed, cancelled', async () => {
  const range = ['starts/daily', '--from', '2026-01-01', '--to', '2026-01-03']
  const dry = (await dagbok(['backfill', 'preview', ...range])).stdout
  expect(dry).toMatch(/^3 of 3 dates would get a run of v1[\s\S]*2026-01-02T06:00:00\.000Z[^\n]* a run/)
  expect(await json<BackfillPreview>(['backfill', 'preview', ...range])).toMatchObject({ dates: 3 })
  const made = await json<Backfill>(['backfill', 'create', ...range, '-p', 'n=5', '--concurrency', '2'])
  expect(made).toMatchObject({ number: 1, params: { n: 5 }, concurrency: 2 })
  await expect
    .poll(async () => (await product().api<Backfill>('/dags/main/starts/daily/backfills/1')).state, {
      timeout: 120_000,
    })
    .toBe('finished')
  expect((await json<Backfill>(['backfill', 'view', 'starts/daily#1'])).state).toBe('finished')
  expect((await dagbok(['backfill', 'view', 'starts/daily#1'])).stdout).toMatch(
    /^Backfill 1 of main\/starts\/daily is finished: 3 of 3 succeeded[\s\S]*succeeded #1/,
  )
  expect((await dagbok(['backfill', 'create', ...range])).stderr).toBe(
    'dagbok: There is nothing to run: each of the 3 dates has a run already. Say what to reprocess.\n',
  )

  const again = [
    ...range,
    '--version',
    'v1',
    '--schedule',
    '1',
    '--reprocess',
    'completed',
    '--order',
    'newest',
  ]
  const other = (await dagbok(['backfill', 'preview', ...again])).stdout
  expect(other).toMatch(
    /^3 of 3 dates would get a run of v1[\s\S]*^params \{"n":1\}$[\s\S]*2026-01-03T06[\s\S]*2026-01-01T06/m,
  )

  const pages = await dagbok(['backfill', 'view', 'starts/daily#1', '--limit', '2', '--offset', '1'])
  expect(pages.stdout).not.toContain('2026-01-01T06')
  expect(pages.stdout).toMatch(/2026-01-03T06[^\n]*\ndates 2 to 3 of 3$/m)
  const past = ['--from', '2020-01-01', '--to', '2025-12-31']
  const first = (await dagbok(['backfill', 'preview', 'starts/daily', ...past])).stdout
  expect(first).toMatch(/^dates 1 to 100 of 2192; the next with --offset 100$/m)
  const last = (await dagbok(['backfill', 'preview', 'starts/daily', ...past, '--offset', '2191'])).stdout
  expect(last).toMatch(/2025-12-31T06[^\n]*\ndates 2192 to 2192 of 2192$/m)
  const long = ['starts/daily', ...past, '--concurrency', '1']
  expect((await dagbok(['backfill', 'create', ...long])).stdout).toMatch(/^Backfill 2 of main\/starts\/daily/)
  expect((await dagbok(['backfill', 'pause', 'starts/daily#2'])).stdout).toContain('is paused')
  expect((await dagbok(['backfill', 'list', 'starts/daily'])).stdout).toMatch(/#2 +paused +v1/)
  const held = 'Backfill 2 is paused: it goes on when somebody resumes it.'
  const viewed = (await dagbok(['backfill', 'view', 'starts/daily#2', '--limit', '500'])).stdout
  expect(viewed).toContain(`the next date: ${held}`)
  expect(viewed).toMatch(new RegExp(`^2020-12-\\d\\dT06[^\\n]* a run +${held}$`, 'm'))
  expect((await dagbok(['backfill', 'resume', 'starts/daily#2'])).code).toBe(0)
  expect((await dagbok(['backfill', 'cancel', 'starts/daily#2'])).code).toBe(0)
  expect(await dagbok(['backfill', 'cancel', 'starts/daily#2'])).toMatchObject({
    code: 1,
    stderr: 'dagbok: Backfill 2 is cancelled already.\n',
  })
})

test.each([
  [['create', 'starts/daily', '--from', '2026-01-01'], 2, "required option '--to <DATE>' not specified"],
  [['preview', 'starts/daily', '--from', 'soon', '--to', '2026-01-01'], 1, "'soon' in `from` is not a date"],
  [['preview', 'starts/small', '--from', '2026-01-01', '--to', '2026-01-02'], 1, 'has 0 schedules'],
  [['view', 'starts/daily'], 2, "'starts/daily' names no backfill: write DAG#NUMBER."],
  [['view', 'starts/daily#99'], 1, 'daily has no backfill 99.'],
])('a backfill that cannot be (%j) is one sentence', async (args, code, words) => {
  const ended = await dagbok(['backfill', ...args])
  expect(ended.stderr).toContain(words)
  expect(ended).toMatchObject({ code, stdout: '' })
})

test('pools are made, changed, listed and deleted', async () => {
  expect((await dagbok(['pool', 'list'])).stdout).toMatch(/^There are no pools/)
  expect((await dagbok(['pool', 'set', 'gpu', '2'])).stdout).toBe('Pool gpu of main has 2 slots.\n')
  await dagbok(['pool', 'set', 'gpu', '3'])
  expect(await json<Pool[]>(['pool', 'list'])).toEqual([{ name: 'gpu', slots: 3, used: 0, queued: 0 }])
  expect((await dagbok(['pool', 'list'])).stdout).toMatch(/gpu +3 +0 +0/)
  expect((await dagbok(['pool', 'set', 'GPU!', '2'])).code).toBe(1)
  expect((await dagbok(['pool', 'set', 'gpu', 'many'])).code).toBe(2)
  expect((await dagbok(['pool', 'list', '--team', 'other'])).stderr).toBe(
    'dagbok: There is no such team, or you are not in it.\n',
  )
  expect((await dagbok(['pool', 'delete', 'gpu'])).code).toBe(0)
  expect((await dagbok(['pool', 'delete', 'gpu'])).stderr).toBe('dagbok: There is no pool gpu in main.\n')
})

test('a webhook’s secret is printed once, starts a run, and is good for nothing when it is revoked', async () => {
  const made = await json<{ url: string; secret: string }>(['webhook', 'create', 'starts/daily'])
  const call = () => fetch(made.url, { method: 'POST', headers: { authorization: `Bearer ${made.secret}` } })
  expect((await call()).status).toBe(202)
  expect(await json<WebhookView[]>(['webhook', 'list'])).toMatchObject([
    { dag: { repo: 'starts', dag: 'daily' }, url: made.url, createdBy: 'Owner' },
  ])
  const listed = (await dagbok(['webhook', 'list'])).stdout
  expect(listed).toContain(made.url)
  expect(listed).not.toContain(made.secret)
  await dagbok(['dag', 'pause', 'starts/daily'])
  expect((await call()).status).toBe(409)
  expect((await dagbok(['dag', 'view', 'starts/daily'])).stdout).toMatch(
    /^started nothing {2}webhook, [^\n]*: daily is paused: send it again when it is resumed\.$/m,
  )
  await dagbok(['dag', 'resume', 'starts/daily'])
  expect((await dagbok(['webhook', 'revoke', 'starts/daily'])).code).toBe(0)
  expect((await call()).status).toBe(401)
  expect((await dagbok(['webhook', 'revoke', 'starts/daily'])).stderr).toBe('dagbok: daily has no webhook.\n')
  expect(await product().api('/teams/main/webhooks')).toEqual([])
})

test('two versions of a DAG are held against each other: tasks, then lines', async () => {
  const text = (await dagbok(['version', 'diff', 'starts/small', 'v1', 'v2'])).stdout
  expect(text).toMatch(
    /^v1 [0-9a-f]{7} First → v2 [0-9a-f]{7} Second\n\n~ fit \(script\)\n\n~ small\/small\.dag\.md/,
  )
  expect(text).toContain("\n-printf 'row,p\\n1,0.9\\n'")
  expect(text).toContain("\n+printf 'row,p\\n1,0.8\\n'")
  const diff = await json<VersionDiff>(['version', 'diff', 'starts/small', 'v1', 'main'])
  expect(diff).toMatchObject({ before: { number: 1 }, after: { number: 2 } })
  expect(diff).toEqual(await product().api('/dags/main/starts/small/diff?a=1&b=2'))
  expect((await dagbok(['version', 'diff', 'starts/small', 'v2', 'v2'])).stdout).toContain(
    'the same tasks\nthe same files',
  )
  expect(await dagbok(['version', 'diff', 'starts/small', 'v1', 'v9'])).toMatchObject({ code: 1 })
})
