/** Runs from the command line: started, watched, shown, ended. */
import { once } from 'node:events'
import { watch } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitPath } from '#server/config/git.ts'
import type { AttemptRecord } from '#server/views/attempt.ts'
import type { DagSummary, RunSummary } from '#server/views/dag.ts'
import type { RunDetail } from '#server/views/run.ts'
import { described, gated, halfBroken, scored } from '../../testing/notebooks.ts'
import { signedInCli } from '../../testing/signed-in.ts'

const { product, folder, dagbok, json, launch } = signedInCli('followed', async (copy) => {
  await copy.write('small/small.dag.md', scored('small', 0.9))
  await copy.write('half/half.dag.md', halfBroken('half'))
  await copy.write('gated/gated.dag.md', gated('gated'))
  await copy.write('described/described.dag.yaml', described)
  await copy.push('First')
  await copy.write('small/small.dag.md', scored('small', 0.8))
  await copy.push('Second')
})

interface DagList {
  dags: DagSummary[]
  broken: object[]
}

/** Runs it to its end. */
const finished = (args: string[]) => json<RunDetail>(['run', 'start', ...args, '--watch'])

test('params are read as their schema has them, on the version that is named; faults name the param', async () => {
  const run = await finished(['followed/small@v1', '-p', 'n=5', '-p', 'label=7'])
  expect(run).toMatchObject({ state: 'succeeded', version: { number: 1 }, params: { n: 5, label: '7' } })
  const file = join(folder(), 'params.yaml')
  await writeFile(file, 'n: 9\nlabel: from file\n')
  const again = await finished(['followed/small', '--params-file', file, '-p', 'n=6'])
  expect(again).toMatchObject({ version: { number: 2 }, params: { n: 6, label: 'from file' } })

  const wrong = await dagbok(['run', 'start', 'followed/small', '-p', 'n=many', '-p', 'labell=x'])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain("there is no param 'labell' (did you mean 'label'?)")
  expect(wrong.stderr).toContain("'n' must be integer")
  expect((await dagbok(['run', 'start', 'followed/small@nope'])).stderr).toContain(
    "small has no version 'nope'",
  )
})

test('a list and a view are tables for people, and the answer of REST for programs', async () => {
  const runs = await json<RunSummary[]>(['run', 'list', 'followed/small'])
  expect(runs).toEqual(await product().api('/dags/main/followed/small/runs?limit=30'))
  const text = (await dagbok(['run', 'list', 'main/followed/small'])).stdout
  expect(text).toMatch(/^RUN +STATE +VERSION/)
  expect(text).not.toContain('\u001b')
  const coloured = await dagbok(['run', 'list', 'followed/small'], { env: { FORCE_COLOR: '1' } })
  expect(coloured.stdout).toContain('\u001b[32msucceeded')
  for (const run of runs)
    expect(text).toMatch(new RegExp(`#${run.number} +succeeded +v${run.version.number} .*${run.id}`))
  expect(await json(['run', 'list', 'followed/small', '--version', 'v1'])).toHaveLength(1)
  expect(await json(['run', 'list', 'followed/small', '--state', 'failed'])).toEqual([])

  const [said, asked] = [await json<DagList>(['dag', 'list']), await product().api<DagList>('/dags')]
  // Others use the product, too.
  const own = ({ dags }: DagList) => dags.filter(({ ref }) => ref.repo === 'followed')
  expect(own(said)).toHaveLength(4)
  expect({ ...said, dags: own(said) }).toEqual({ ...asked, dags: own(asked) })
  expect((await dagbok(['dag', 'list'])).stdout).toMatch(/main\/followed\/small +v2 +succeeded #2/)
  expect((await dagbok(['version', 'list', 'followed/small'])).stdout).toMatch(
    /v2 +[0-9a-f]{7} +Edith +Second +main/,
  )
  expect(await json(['run', 'view', 'followed/small#1'])).toEqual(
    await product().api(`/runs/${runs.at(-1)?.id}`),
  )
  const view = (await dagbok(['run', 'view', 'followed/small#1'])).stdout
  expect(view).toMatch(
    /^Succeeded[\s\S]*run 1 of main\/followed\/small, v1[\s\S]*n=5[\s\S]*fit +succeeded +1/,
  )
})

test('a run that was forced says so, and each why it is there', async () => {
  const run = await json<RunDetail>(['run', 'start', 'followed/small', '--force', '--watch'])
  expect(run).toMatchObject({ forced: true })
  const view = (await dagbok(['run', 'view', run.id])).stdout
  expect(view).toContain('Started over the API by Owner, at once, whatever other runs there were.')
  expect((await dagbok(['run', 'view', 'followed/small#1'])).stdout).toContain(
    'Started over the API by Owner. ',
  )
  const list = (await dagbok(['run', 'list', 'followed/small'])).stdout
  expect(list).toMatch(new RegExp(`#${run.number} +succeeded +v2 +api, forced`))
  expect(list).toMatch(/#1 +succeeded +v1 +api +Owner/)
})

test('the help of a cancel says what a second one does', async () => {
  expect((await dagbok(['run', 'cancel', '--help'])).stdout.replaceAll(/\s+/g, ' ')).toContain(
    'Called again, it ends the run without the clean-up.',
  )
})

test('a run that failed exits with 1 where that is asked for, and shows the log of what failed', async () => {
  const ended = await dagbok(['run', 'start', 'followed/half', '--exit-status'])
  expect(ended.code).toBe(1)
  expect(ended.stdout).toMatch(/sort \(side=bad\) +failed/)
  expect(ended.stdout).toContain('Failed: sort (side=bad)')
  expect((await dagbok(['run', 'view', 'followed/half#1'])).code).toBe(0)
  const failed = await dagbok(['run', 'view', 'followed/half#1', '--log-failed', '--exit-status'])
  expect(failed).toMatchObject({ code: 1, stdout: '==> sort (side=bad), attempt 1 <==\nside is bad\n' })
  const both = (await dagbok(['run', 'view', 'followed/half#1', '--log'])).stdout
  expect(both).toContain('side is good\n==> sort (side=bad)')
})

test('a task of a run shows all that is kept of an attempt', async () => {
  const args = ['run', 'view', 'followed/half#1', '--task', 'sort[side=bad]']
  const record = await json<AttemptRecord>(args)
  expect(record).toMatchObject({ task: 'sort', key: 'side=bad', n: 1, exitCode: 3 })
  const text = (await dagbok(args)).stdout
  expect(text).toMatch(/^sort \(side=bad\), attempt 1: failed\nby process on [^\n]+, pid \d+\n\["bash"/)
  expect(text).toMatch(/Failed\. It ended with exit code 3\.[\s\S]*ENVIRONMENT[\s\S]*DAGBOK_MATRIX_SIDE=bad/)
  expect((await dagbok([...args, '--log'])).stdout).toContain('side is bad')
  expect((await dagbok([...args, '--attempt', '2'])).stderr).toBe(
    'dagbok: sort (side=bad) of run 1 has no attempt 2.\n',
  )
  expect((await dagbok(['run', 'view', 'followed/half#1', '--task', 'sort'])).stderr).toBe(
    'dagbok: Run 1 has no task run sort.\n',
  )
  expect(await dagbok(['run', 'view', 'followed/half#1', '--attempt', '1'])).toMatchObject({ code: 2 })
})

test('a log is searched, by lines; for programs their numbers', async () => {
  const args = ['run', 'view', 'followed/half#1', '--task', 'sort[side=bad]']
  expect((await dagbok([...args, '--search', 'SIDE is'])).stdout).toBe('1: side is bad\n')
  expect(await dagbok([...args, '--search', 'SIDE is', '--match-case'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'No line holds it.\n',
  })
  expect(await json([...args, '--search', 'side'])).toEqual({ lines: [0], total: 1 })
  expect(await dagbok(['run', 'view', 'followed/half#1', '--search', 'side'])).toMatchObject({ code: 2 })
})

test('an output comes to stdout or to a file, and what it is to programs', async () => {
  const args = ['run', 'output', 'followed/small#1', 'fit', 'table']
  expect((await dagbok(args)).stdout).toBe('row,p\n1,0.9\n')
  const file = join(folder(), 'table.csv')
  expect((await dagbok([...args, '--file', file])).stdout).toContain('12 B')
  expect(await readFile(file, 'utf8')).toBe('row,p\n1,0.9\n')
  expect(await json(args)).toMatchObject({ name: 'table', path: 't.csv', size: 12 })
  expect(await dagbok(['run', 'output', 'followed/small#1', 'fit', 'tabel'])).toMatchObject({
    code: 1,
    stderr: "dagbok: fit of run 1 has no output 'tabel': it has table.\n",
  })
})

test('a DAG and a task are shown with what their author says of them, and what a task does without', async () => {
  expect((await dagbok(['dag', 'view', 'followed/described'])).stdout).toContain(
    '\nScores the day.\nowned by science, Edith\n',
  )
  const { id } = await finished(['followed/described'])
  const ignored = 'Its bound of 2 processors is ignored: only `kubernetes` keeps a task to that.'
  expect((await dagbok(['run', 'view', id])).stdout).toContain(`\nsend: ${ignored}\n`)
  expect((await dagbok(['run', 'view', id, '--task', 'send'])).stdout).toContain(
    `: succeeded\nSends the scores.\neffects: Writes to the mailing list.\n${ignored}\n`,
  )
})

test('Ctrl-C leaves a watched run going, and says so; a cancel ends it', async () => {
  const gate = join(folder(), 'never')
  const { id } = await json<{ id: string }>(['run', 'start', 'followed/gated', '-p', `gate=${gate}`])
  const watching = launch(['run', 'watch', id])
  await watching.said('stdout', 'running')
  watching.child.kill('SIGINT')
  const left = await watching.ended
  expect(left.code).toBe(130)
  expect(left.stderr).toContain(`The run goes on. \`dagbok run watch ${id}\` follows it again`)
  expect((await product().api<RunDetail>(`/runs/${id}`)).state).toBe('running')

  const again = launch(['run', 'watch', id, '--exit-status'])
  await again.said('stdout', 'running')
  expect((await dagbok(['run', 'cancel', id])).stdout).toContain('is being cancelled')
  const end = await again.ended
  expect(end.code).toBe(1)
  expect(end.stdout).toContain('Cancelled')
  const { cancelledBy } = await product().api<RunDetail>(`/runs/${id}`)
  expect(cancelledBy).toMatch(/./)
  const seen = (await dagbok(['run', 'view', id])).stdout
  expect(seen).toContain(`Cancelled by ${cancelledBy}: `)
  expect(seen).toContain(`${cancelledBy} cancelled the run.`)
  const late = await dagbok(['run', 'cancel', id])
  expect(late).toMatchObject({ code: 1, stderr: 'dagbok: Run 1 has ended already: cancelled.\n' })
})

test('a watched run is followed to its end as it changes', async () => {
  const gate = join(folder(), 'open')
  const going = launch(['run', 'start', 'followed/gated', '-p', `gate=${gate}`, '--exit-status'])
  await going.said('stdout', 'running')
  await writeFile(gate, '')
  expect(await going.ended).toMatchObject({ code: 0 })
})

test('a run is run again on another version', async () => {
  const made = await json<{ id: string; number: number }>([
    'run',
    'rerun',
    'followed/small#1',
    '--version',
    'v2',
  ])
  await dagbok(['run', 'watch', made.id])
  expect(await product().api(`/runs/${made.id}`)).toMatchObject({
    version: { number: 2 },
    params: { n: 5 },
    parent: { number: 1, verb: 'rerun' },
  })
})

test('--web opens the page of a run in the browser of the user', async () => {
  const opener = join(folder(), process.platform === 'darwin' ? 'open' : 'xdg-open')
  const opened = join(folder(), 'opened')
  await writeFile(opener, `#!/bin/sh\necho "$1" > ${opened}.aside && mv ${opened}.aside ${opened}\n`, {
    mode: 0o755,
  })
  const watcher = watch(folder())
  const path = `${folder()}:${gitPath()}`
  const seen = (async () => {
    for (;;) {
      const text = await readFile(opened, 'utf8').catch(() => null)
      if (text !== null) return text
      await once(watcher, 'change')
    }
  })()
  await dagbok(['run', 'view', 'followed/small#1', '--web'], { env: { PATH: path } })
  expect(await seen).toBe(`${product().ready.url}/main/followed/small/runs/1\n`)
  watcher.close()
})
