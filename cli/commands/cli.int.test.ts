/** Signing in, command lines that are wrong, and notebooks without a server. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DeskClient } from '#workers/executors/pool/desk-client.ts'
import { cloneRepository } from '../../e2e/fixtures/repository.ts'
import { launchCli, type Told } from '../testing/cli.ts'
import { scored } from '../testing/notebooks.ts'
import { signedInCli } from '../testing/signed-in.ts'

const { product, folder, dagbok } = signedInCli('command', async (copy) => {
  await copy.write('small/small.dag.md', scored('small', 0.9))
  await copy.push('First')
})

/** As a user calls it. */
const call = (args: string[], told: Told) => launchCli(args, told).ended

/** Where nobody listens. */
async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

test('signing in keeps the token for the user alone, once it was tried; signing out forgets it', async () => {
  const env = { XDG_CONFIG_HOME: join(folder(), 'config') }
  const { url, apiUrl, apiToken } = product().ready
  expect(await call(['dag', 'list'], { env })).toMatchObject({
    code: 4,
    stderr: 'dagbok: You are not signed in: run `dagbok login`, or set DAGBOK_TOKEN.\n',
  })
  const wrong = await call(['login', '--url', url], { env, stdin: 'dgb_wrong\n' })
  expect(wrong).toMatchObject({
    code: 4,
    stderr: `dagbok: The token is not valid at ${url}: make one under Settings there, and run \`dagbok login\`.\n`,
  })
  expect((await call(['login', '--url', url], { env, stdin: '' })).code).toBe(2)

  const right = await call(['login', '--url', apiUrl, '--json'], { env, stdin: `${apiToken}\n` })
  expect(JSON.parse(right.stdout)).toMatchObject({ url, name: 'Owner' })
  expect((await stat(join(folder(), 'config/dagbok/account.json'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder(), 'config/dagbok'))).mode & 0o777).toBe(0o700)
  expect((await call(['dag', 'list'], { env })).code).toBe(0)

  const elsewhere = await call(['dag', 'list'], { env: { ...env, DAGBOK_URL: 'http://127.0.0.1:1' } })
  expect(elsewhere).toMatchObject({ code: 4 })
  expect(elsewhere.stderr).toContain(`signed in at ${url} and not at http://127.0.0.1:1`)
  expect((await call(['logout'], { env })).code).toBe(0)
  expect((await call(['dag', 'list'], { env })).code).toBe(4)
})

test('the doctor says what is there, and of each fault what to do', async () => {
  const well = await dagbok(['doctor'])
  expect(well).toMatchObject({ code: 0, stderr: '' })
  expect(well.stdout).toMatch(/✓ +database +it answers/)
  expect(well.stdout).toMatch(/✓ +tasks +\d+ run now; one that names no executor is for `process`/)
  expect(well.stdout).toContain('pool of main: Tasks with `executor: pool` wait')
  const url = await closedAddress()
  const away = await dagbok(['doctor', '--json'], { env: { DAGBOK_URL: url } })
  expect(away.code).toBe(1)
  expect(JSON.parse(away.stdout)).toContainEqual({
    check: 'product',
    verdict: 'bad',
    found: `${url} does not answer (ECONNREFUSED)`,
    mend: 'Start it with `npm start`, or name another with DAGBOK_URL.',
  })
  const wrong = await dagbok(['doctor', '--json'], { env: { DAGBOK_TOKEN: 'dgb_wrong' } })
  expect(wrong.code).toBe(1)
  expect(JSON.parse(wrong.stdout)).toContainEqual(
    expect.objectContaining({ check: 'account', verdict: 'bad' }),
  )
  const nobody = await call(['doctor'], {
    env: { DAGBOK_URL: product().ready.url, XDG_CONFIG_HOME: join(folder(), 'nobody') },
  })
  expect(nobody.code).toBe(1)
  expect(nobody.stdout).toContain('account: Run `dagbok login`, or set DAGBOK_TOKEN.')
})

test('[R15] the doctor names a worker of the pool whose disk is full', async () => {
  const made = await dagbok(['worker-token', 'create', 'doctor', '--json'])
  const { secret, id } = JSON.parse(made.stdout) as { secret: string; id: string }
  const workerId = randomUUID()
  const client = new DeskClient({ url: product().ready.url, token: secret, workerId })
  const self = { id: workerId, host: 'gpu-1:/folder', pid: 1, queues: ['gpu'], slots: 1 }
  await client.call('register', { body: self })
  const full = { place: 'the worker’s folder', free: 1_000_000, least: 2_000_000 }
  await client.call('poll', { body: { free: 0, holding: [], waitMs: 0, full } })
  const seen = await dagbok(['doctor', '--json'])
  expect(seen.code).toBe(1)
  expect(JSON.parse(seen.stdout)).toContainEqual({
    check: 'pool of main, gpu-1',
    verdict: 'bad',
    found: 'The disk of the worker’s folder is full: 1.0 MB are free, and new work starts from 2.0 MB on.',
    mend: 'Make room there, and it goes on by itself.',
  })
  expect((await dagbok(['workers', 'list'])).stdout).toMatch(/gpu-1 .* its disk is full/)
  await client.call('stopped', { body: {} })
  await dagbok(['worker-token', 'revoke', id])
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
  [['run', 'list', 'command/small', '--state', 'done'], 'Allowed choices are queued, running'],
  [['run', 'start', 'command/small', '-p', 'n'], 'write NAME=VALUE'],
  [['run', 'view', 'command/small#1', '--log', '--json'], 'cannot be used with'],
  [['compare', 'command/small#1'], 'Name two runs or more'],
  [['dag', 'lint', 'nowhere'], 'nowhere is not there'],
])('a command line that is wrong (%j) exits with 2 and says what is', async (args, words) => {
  const ended = await dagbok(args)
  expect(ended.stderr).toContain(words)
  expect(ended).toMatchObject({ code: 2, stdout: '' })
})

test('[N5] lint names every fault of every file as a push does, and exits with 1', async () => {
  const broken = await cloneRepository(product().ready, 'broken')
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
    await broken.write('c/c.dag.ts', "import { say } from './lib.ts'\n\nsay()\n")
    await broken.write('c/lib.ts', "export const say = () => {\n  throw new Error('no word')\n}\n")
    await broken.write('e/e.dag.ts', "console.log('dagbok: 1\\nid: e\\ntasks: [{id: x, needs: [xx]}]')\n")
    const lint = await dagbok(['dag', 'lint'], { cwd: broken.folder })
    const refusal = await broken.push('Broken').catch((error: { stderr: string }) => error.stderr)
    const named = [...refusal.matchAll(/^remote: error: (.*?)\s*$/gm)].map(([, line = '']) => line)
    expect(named.length).toBeGreaterThanOrEqual(4)
    expect(lint.stdout.trim().split('\n').toSorted()).toEqual(named.toSorted())
    expect(lint.code).toBe(1)
    expect(lint.stdout).toContain('c/lib.ts:2:9 this program ended with exit code 1: Error: no word\n')
    expect(lint.stdout).toContain('e/e.dag.ts:1:1 at tasks[0].needs[0] (x) of what it prints: unknown task')
    expect(lint.stdout).toMatch(/^parts\/part\.dag\.md:\d+:\d+ .*did you mean 'retries'/m)

    const one = await dagbok(['dag', 'lint', 'good'], { cwd: broken.folder })
    // Before it: a word on the seal where this machine enforces less.
    expect(one).toMatchObject({ code: 0, stdout: '' })
    expect(one.stderr).toMatch(/^(?:This machine .*\n)?1 notebook, no faults\n$/)
    const inside = await dagbok(['dag', 'lint', 'a.dag.md'], { cwd: join(broken.folder, 'a') })
    expect(inside.stdout).toMatch(/^a\.dag\.md:\d+:\d+ /)
    await broken.write('rooted.dag.md', scored('rooted', 1).replace('echo', 'cat score.txt\necho'))
    await broken.write('score.txt', '1\n')
    const rooted = await dagbok(['dag', 'lint', 'rooted.dag.md'], { cwd: broken.folder })
    expect(rooted).toMatchObject({ code: 0, stdout: '' })
    expect(rooted.stderr).toMatch(/^warning: rooted\.dag\.md:1:1 .* will not find score\.txt\./m)
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

test('a secret is set from standard input or a file, listed without its value, and deleted', async () => {
  expect(await dagbok(['secret', 'list'])).toMatchObject({
    code: 0,
    stdout:
      'There are no secrets: `dagbok secret set NAME` makes one, `secrets: [NAME]` of a task takes it.\n',
  })
  const short = await dagbok(['secret', 'set', 'CLI_TOKEN'], { stdin: 'short\n' })
  expect(short).toMatchObject({ code: 1, stdout: '' })
  expect(short.stderr).toContain('The value has no line of 8 characters')
  expect(await dagbok(['secret', 'set', 'CLI_TOKEN'], { stdin: 'canary of a command line\n' })).toMatchObject(
    {
      code: 0,
      stdout: 'Secret CLI_TOKEN of main is set: attempts that start from now on get it.\n',
    },
  )
  const file = join(folder(), 'key.pem')
  await writeFile(file, 'a canary\nin two lines\n')
  expect((await dagbok(['secret', 'set', 'CLI_KEY', '--file', file])).code).toBe(0)
  expect(await dagbok(['secret', 'set', 'CLI_KEY', '--file', join(folder(), 'none')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('cannot be read (ENOENT).') as string,
  })
  const { stdout } = await dagbok(['secret', 'list', '--json'])
  expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toEqual(['CLI_KEY', 'CLI_TOKEN'])
  expect(stdout).not.toContain('canary')
  for (const name of ['CLI_KEY', 'CLI_TOKEN'])
    expect((await dagbok(['secret', 'delete', name])).stdout).toBe(`Secret ${name} of main is gone.\n`)
  expect(await dagbok(['secret', 'delete', 'CLI_KEY'])).toMatchObject({
    code: 1,
    stderr: 'dagbok: There is no secret CLI_KEY in main.\n',
  })
})

test('tokens of API and git are made, listed and revoked; a repository is made', async () => {
  const made = await dagbok(['token', 'create', 'for a build', '--days', '7', '--json'])
  const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string }
  const list = (await dagbok(['token', 'list'])).stdout
  expect(list).toMatch(new RegExp(`${id} +for a build +${secret.slice(0, 8)}… .* never +in \\d+ d`))
  const env = { DAGBOK_TOKEN: secret }
  const repository = await dagbok(['repository', 'create', 'made-here'], { env })
  expect(repository.stdout).toContain('main/made-here is there: git clone ')
  expect((await dagbok(['repository', 'list'])).stdout).toMatch(
    /main\/made-here .*\/git\/main\/made-here\.git/,
  )
  expect(await dagbok(['repository', 'create', 'no/name'])).toMatchObject({ code: 1 })
  expect((await dagbok(['token', 'revoke', id])).stdout).toBe('Revoked.\n')
  expect(await dagbok(['repository', 'list'], { env })).toMatchObject({ code: 4 })
  expect(await dagbok(['token', 'create', 'x', '--days', '7', '--no-expiry'])).toMatchObject({ code: 2 })
})
