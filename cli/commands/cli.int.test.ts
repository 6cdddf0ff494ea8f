/** The command line as a process, against a product as `npm start` starts it. */
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { watch } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gitPath } from '#server/config/git.ts'
import type { Comparison } from '#server/views/comparison.ts'
import type { RunSummary } from '#server/views/dag.ts'
import type { RunDetail } from '#server/views/run.ts'
import { startProduct, type Product } from '../../e2e/fixtures/product.ts'
import { cloneRepository, type WorkingCopy } from '../../e2e/fixtures/repository.ts'
import { launchCli, runCli, type Told } from '../testing/cli.ts'
import { gated, halfBroken, scored } from '../testing/notebooks.ts'

let product: Product
let copy: WorkingCopy
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-cli-'))
  // Tasks look for files here, under a user id of their own.
  await chmod(folder, 0o755)
  product = await startProduct(['--no-examples'])
  copy = await cloneRepository(product.ready, 'cli')
  await copy.write('small/small.dag.md', scored('small', 0.9))
  await copy.write('half/half.dag.md', halfBroken('half'))
  await copy.write('gated/gated.dag.md', gated('gated'))
  await copy.push('First')
  await copy.write('small/small.dag.md', scored('small', 0.8))
  await copy.push('Second')
}, 600_000)
afterAll(async () => {
  await product?.stop()
  await copy?.remove()
  await rm(folder, { recursive: true, force: true })
})

const signedIn = () => ({ DAGBOK_URL: product.ready.url, DAGBOK_TOKEN: product.ready.apiToken })

/** As someone who is signed in; nobody is ever shown a stack trace. */
async function dagbok(args: string[], told: Told = {}) {
  const ended = await runCli(args, { ...told, env: { ...signedIn(), ...told.env } })
  expect(ended.stderr).not.toMatch(/^\s+at /m)
  return ended
}

async function json<T>(args: string[], code = 0): Promise<T> {
  const ended = await dagbok([...args, '--json'])
  expect(ended, ended.stderr).toMatchObject({ code })
  return JSON.parse(ended.stdout) as T
}

/** Where nobody listens. */
async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

/** Runs it to its end. */
const finished = (args: string[]) => json<RunDetail>(['run', 'start', ...args, '--watch'])

test('signing in keeps the token for the user alone, once it was tried; signing out forgets it', async () => {
  const env = { XDG_CONFIG_HOME: join(folder, 'config') }
  const { url, apiUrl, apiToken } = product.ready
  expect(await runCli(['dag', 'list'], { env })).toMatchObject({
    code: 4,
    stderr: 'dagbok: You are not signed in: run `dagbok login`, or set DAGBOK_TOKEN.\n',
  })
  const wrong = await runCli(['login', '--url', url], { env, stdin: 'dgb_wrong\n' })
  expect(wrong).toMatchObject({
    code: 4,
    stderr: `dagbok: The token is not valid at ${url}: make one under Settings there, and run \`dagbok login\`.\n`,
  })
  expect((await runCli(['login', '--url', url], { env, stdin: '' })).code).toBe(2)

  const right = await runCli(['login', '--url', apiUrl, '--json'], { env, stdin: `${apiToken}\n` })
  expect(JSON.parse(right.stdout)).toMatchObject({ url, name: 'Owner' })
  expect((await stat(join(folder, 'config/dagbok/account.json'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'config/dagbok'))).mode & 0o777).toBe(0o700)
  expect((await runCli(['dag', 'list'], { env })).code).toBe(0)

  const elsewhere = await runCli(['dag', 'list'], { env: { ...env, DAGBOK_URL: 'http://127.0.0.1:1' } })
  expect(elsewhere).toMatchObject({ code: 4 })
  expect(elsewhere.stderr).toContain(`signed in at ${url} and not at http://127.0.0.1:1`)
  expect((await runCli(['logout'], { env })).code).toBe(0)
  expect((await runCli(['dag', 'list'], { env })).code).toBe(4)
})

test('a product that does not answer, and an address that is none, are one sentence', async () => {
  const url = await closedAddress()
  const gone = await dagbok(['dag', 'list'], { env: { DAGBOK_URL: url } })
  expect(gone).toMatchObject({ code: 1, stdout: '' })
  expect(gone.stderr).toBe(
    `dagbok: ${url} does not answer (ECONNREFUSED): start it with \`npm start\`, or name another with DAGBOK_URL.\n`,
  )
  expect((await dagbok(['dag', 'list'], { env: { DAGBOK_URL: 'ftp://x' } })).code).toBe(2)
})

test.each([
  [['nope'], "unknown command 'nope'"],
  [['run', 'start'], "missing required argument 'DAG[@VERSION]'"],
  [['run', 'view', 'twelve'], "'twelve' names no run"],
  [['run', 'list', 'small'], "'small' names no DAG"],
  [['run', 'list', 'cli/small', '--state', 'done'], 'Allowed choices are queued, running'],
  [['run', 'start', 'cli/small', '-p', 'n'], 'write NAME=VALUE'],
  [['run', 'view', 'cli/small#1', '--log', '--json'], 'cannot be used with'],
  [['compare', 'cli/small#1'], 'Name two runs or more'],
  [['dag', 'lint', 'nowhere'], 'nowhere is not there'],
])('a command line that is wrong (%j) exits with 2 and says what is', async (args, words) => {
  const ended = await dagbok(args)
  expect(ended.stderr).toContain(words)
  expect(ended).toMatchObject({ code: 2, stdout: '' })
})

test('[N5] lint names every fault of every file as a push does, and exits with 1', async () => {
  const broken = await cloneRepository(product.ready, 'broken')
  try {
    await broken.write('a/a.dag.md', scored('a', 1).replace('metrics:', 'metrisc:'))
    await broken.write(
      'b/b.dag.yaml',
      `dagbok: 1
id: b
tasks:
  - {id: x, needs: [xx], uses: ../parts/part.dag.md}
  - {id: y, command: [ls], retires: 1}
`,
    )
    const component = scored('part', 1).replace('id: part', 'id: part\nkind: component')
    await broken.write('parts/part.dag.md', component.replace('id: fit', 'id: fit\nretires: 2'))
    await broken.write('good/good.dag.md', scored('good', 1))
    const lint = await dagbok(['dag', 'lint'], { cwd: broken.folder })
    const refusal = await broken.push('Broken').catch((error: { stderr: string }) => error.stderr)
    const named = [...refusal.matchAll(/^remote: error: (.*?)\s*$/gm)].map(([, line = '']) => line)
    expect(named.length).toBeGreaterThanOrEqual(4)
    expect(lint.stdout.trim().split('\n').toSorted()).toEqual(named.toSorted())
    expect(lint.code).toBe(1)
    expect(lint.stdout).toMatch(/^parts\/part\.dag\.md:\d+:\d+ .*did you mean 'retries'/m)

    const one = await dagbok(['dag', 'lint', 'good'], { cwd: broken.folder })
    expect(one).toMatchObject({ code: 0, stdout: '', stderr: '1 notebook, no faults\n' })
    const inside = await dagbok(['dag', 'lint', 'a.dag.md'], { cwd: join(broken.folder, 'a') })
    expect(inside.stdout).toMatch(/^a\.dag\.md:\d+:\d+ /)
    const compiled = await dagbok(['dag', 'compile', 'good/good.dag.md'], { cwd: broken.folder })
    expect(JSON.parse(compiled.stdout)).toMatchObject({ dagbok: 1, id: 'good', tasks: [{ id: 'fit' }] })
    expect(await dagbok(['dag', 'compile', 'b/b.dag.yaml'], { cwd: broken.folder })).toMatchObject({
      code: 1,
      stdout: '',
    })
  } finally {
    await broken.remove()
  }
})

test('params are read as their schema has them, on the version that is named; faults name the param', async () => {
  const run = await finished(['cli/small@v1', '-p', 'n=5', '-p', 'label=7'])
  expect(run).toMatchObject({ state: 'succeeded', version: { number: 1 }, params: { n: 5, label: '7' } })
  const file = join(folder, 'params.yaml')
  await writeFile(file, 'n: 9\nlabel: from file\n')
  const again = await finished(['cli/small', '--params-file', file, '-p', 'n=6'])
  expect(again).toMatchObject({ version: { number: 2 }, params: { n: 6, label: 'from file' } })

  const wrong = await dagbok(['run', 'start', 'cli/small', '-p', 'n=many', '-p', 'labell=x'])
  expect(wrong.code).toBe(1)
  expect(wrong.stderr).toContain("there is no param 'labell' (did you mean 'label'?)")
  expect(wrong.stderr).toContain("'n' must be integer")
  expect((await dagbok(['run', 'start', 'cli/small@nope'])).stderr).toContain("small has no version 'nope'")
})

test('a list and a view are tables for people, and the answer of REST for programs', async () => {
  const runs = await json<RunSummary[]>(['run', 'list', 'cli/small'])
  expect(runs).toEqual(await product.api('/dags/main/cli/small/runs?limit=30'))
  const text = (await dagbok(['run', 'list', 'main/cli/small'])).stdout
  expect(text).toMatch(/^RUN +STATE +VERSION/)
  expect(text).not.toContain('\u001b')
  const coloured = await dagbok(['run', 'list', 'cli/small'], { env: { FORCE_COLOR: '1' } })
  expect(coloured.stdout).toContain('\u001b[32msucceeded')
  for (const run of runs)
    expect(text).toMatch(new RegExp(`#${run.number} +succeeded +v${run.version.number} .*${run.id}`))
  expect(await json(['run', 'list', 'cli/small', '--version', 'v1'])).toHaveLength(1)
  expect(await json(['run', 'list', 'cli/small', '--state', 'failed'])).toEqual([])

  expect(await json(['dag', 'list'])).toEqual(await product.api('/dags'))
  expect((await dagbok(['dag', 'list'])).stdout).toMatch(/main\/cli\/small +v2 +succeeded #2/)
  expect((await dagbok(['version', 'list', 'cli/small'])).stdout).toMatch(
    /v2 +[0-9a-f]{7} +Edith +Second +main/,
  )
  expect(await json(['run', 'view', 'cli/small#1'])).toEqual(await product.api(`/runs/${runs.at(-1)?.id}`))
  const view = (await dagbok(['run', 'view', 'cli/small#1'])).stdout
  expect(view).toMatch(/^Succeeded[\s\S]*run 1 of main\/cli\/small, v1[\s\S]*n=5[\s\S]*fit +succeeded +1/)
})

test('a run that failed exits with 1 where that is asked for, and shows the log of what failed', async () => {
  const ended = await dagbok(['run', 'start', 'cli/half', '--exit-status'])
  expect(ended.code).toBe(1)
  expect(ended.stdout).toMatch(/sort \(side=bad\) +failed/)
  expect(ended.stdout).toContain('Failed: sort (side=bad)')
  expect((await dagbok(['run', 'view', 'cli/half#1'])).code).toBe(0)
  const failed = await dagbok(['run', 'view', 'cli/half#1', '--log-failed', '--exit-status'])
  expect(failed).toMatchObject({ code: 1, stdout: '==> sort (side=bad), attempt 1 <==\nside is bad\n' })
  const both = (await dagbok(['run', 'view', 'cli/half#1', '--log'])).stdout
  expect(both).toContain('side is good\n==> sort (side=bad)')
})

test('Ctrl-C leaves a watched run going, and says so; a cancel ends it', async () => {
  const gate = join(folder, 'never')
  const { id } = await json<{ id: string }>(['run', 'start', 'cli/gated', '-p', `gate=${gate}`])
  const watching = launchCli(['run', 'watch', id], { env: signedIn() })
  await watching.said('stdout', 'running')
  watching.child.kill('SIGINT')
  const left = await watching.ended
  expect(left.code).toBe(130)
  expect(left.stderr).toContain(`The run goes on. \`dagbok run watch ${id}\` follows it again`)
  expect((await product.api<RunDetail>(`/runs/${id}`)).state).toBe('running')

  const again = launchCli(['run', 'watch', id, '--exit-status'], { env: signedIn() })
  await again.said('stdout', 'running')
  expect((await dagbok(['run', 'cancel', id])).stdout).toContain('is being cancelled')
  const end = await again.ended
  expect(end.code).toBe(1)
  expect(end.stdout).toContain('Cancelled')
  const late = await dagbok(['run', 'cancel', id])
  expect(late).toMatchObject({ code: 1, stderr: 'dagbok: Run 1 has ended already: cancelled.\n' })
})

test('a watched run is followed to its end as it changes', async () => {
  const gate = join(folder, 'open')
  const going = launchCli(['run', 'start', 'cli/gated', '-p', `gate=${gate}`, '--exit-status'], {
    env: signedIn(),
  })
  await going.said('stdout', 'running')
  await writeFile(gate, '')
  expect(await going.ended).toMatchObject({ code: 0 })
})

test('a run is run again on another version', async () => {
  const made = await json<{ id: string; number: number }>(['run', 'rerun', 'cli/small#1', '--version', 'v2'])
  await dagbok(['run', 'watch', made.id])
  expect(await product.api(`/runs/${made.id}`)).toMatchObject({
    version: { number: 2 },
    params: { n: 5 },
    parent: { number: 1, verb: 'rerun' },
  })
})

test('a comparison says its verdict first, in the words of the page, and can fail a build', async () => {
  const worse = await dagbok(['compare', 'cli/small@v1', 'cli/small@v2', '--fail-on-regress'])
  expect(worse.code).toBe(1)
  expect(worse.stdout.split('\n')[0]).toBe('Regressed: accuracy −11.1 %, tolerance ±0.5 %')
  expect(worse.stdout).toMatch(/fit\.accuracy +0\.9 +0\.8 −0\.1 · −11\.1 % worse/)
  expect(worse.stdout).toContain('outputs that differ: fit.table')
  const better = await dagbok([
    'compare',
    'cli/small@v1',
    'cli/small@v2',
    '--base',
    'cli/small@v2',
    '--fail-on-regress',
  ])
  expect(better).toMatchObject({ code: 0 })
  expect(better.stdout).toMatch(/^Better: accuracy \+12\.5 %/)

  const data = await json<Comparison>(['compare', 'cli/small#1', 'cli/small#2'])
  const ids = data.runs.map((run) => `runs=${run.id}`).join('&')
  expect(data).toEqual(await product.api(`/compare?${ids}`))
  expect((await dagbok(['compare', 'cli/small#1', 'cli/small#2', '--markdown'])).stdout).toMatch(
    /^\*\*Regressed\*\*: [^\n]+\n\n\| {2}\| v1 run 1 \(baseline\) \| v2 run 2 \|\n\| --- \|/,
  )
  const none = await dagbok(['compare', 'cli/gated@v1', 'cli/small#1'])
  expect(none).toMatchObject({ code: 0 })
})

test('a shared comparison opens without a session until it is revoked', async () => {
  const args = ['compare', 'cli/small#1', 'cli/small#2', '--share', '--expires', '7d']
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

test('--web opens the page of a run in the browser of the user', async () => {
  const opener = join(folder, process.platform === 'darwin' ? 'open' : 'xdg-open')
  const opened = join(folder, 'opened')
  await writeFile(opener, `#!/bin/sh\necho "$1" > ${opened}.aside && mv ${opened}.aside ${opened}\n`, {
    mode: 0o755,
  })
  const watcher = watch(folder)
  const path = `${folder}:${gitPath()}`
  const seen = (async () => {
    for (;;) {
      const text = await readFile(opened, 'utf8').catch(() => null)
      if (text !== null) return text
      await once(watcher, 'change')
    }
  })()
  await dagbok(['run', 'view', 'cli/small#1', '--web'], { env: { PATH: path } })
  expect(await seen).toBe(`${product.ready.url}/main/cli/small/runs/1\n`)
  watcher.close()
})
