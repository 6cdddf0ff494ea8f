import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { createServer, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DagbokError } from '../domain/errors/errors.ts'
import { HostedRepositories } from './hosted.ts'
import type { HookCall } from './hooks/conversation.ts'
import { handleGit, routeOf } from './http.ts'
import { gitEnvironment } from './run-git.ts'
import { listTree, readBlobs } from './tree.ts'

const id = '0b9a2f0e-7f5b-4a53-9e5c-5f3f0a1d2c3b'
let folder = ''
let server: Server
let store: HostedRepositories
let calls: HookCall[] = []
let accept = true
let seen: string[] = []
/** What the answer to a hook fails with. */
let failsWith: ((call: HookCall) => Promise<Error>) | null = null
let reported: unknown[] = []
let toldOfCut = () => {}
let opened = () => Promise.resolve()

async function git(...args: string[]): Promise<string> {
  const env = {
    ...gitEnvironment(),
    HOME: folder,
    GIT_ALLOW_PROTOCOL: 'http',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@b',
  }
  const { stdout, stderr } = await promisify(execFile)('git', args, { cwd: join(folder, 'work'), env })
  return stdout + stderr
}
const remote = (password: string) =>
  `http://any:${password}@127.0.0.1:${(server.address() as AddressInfo).port}/git/main/demo.git`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-git-'))
  store = new HostedRepositories(join(folder, 'repositories'))
  await store.create(id)
  server = createServer((request, response) =>
    handleGit(request, response, {
      authenticate: (token) =>
        Promise.resolve(
          token === 'good' ? { userId: 'u', name: 'U', email: 'u@x', teams: [], via: 'token' } : null,
        ),
      open: async () => {
        await opened()
        return { repositoryId: id, path: store.path(id) }
      },
      hook: async (_actor, target, call) => {
        calls.push(call)
        if (failsWith !== null) throw await failsWith(call)
        const sha = call.updates[0]?.newSha ?? ''
        seen = (await listTree(target.path, sha, call.quarantine)).map((entry) => entry.path)
        return { accepted: accept, lines: [`${call.hook} says hello`, '.', 'a.dag.md:1:1 no'] }
      },
      cutOff: () => Promise.resolve(toldOfCut()),
      report: (error) => void reported.push(error),
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await promisify(execFile)('git', ['init', '-q', '-b', 'main', join(folder, 'work')])
  await writeFile(join(folder, 'work', 'a.txt'), 'one\n')
  await git('add', '-A')
  await git('commit', '-qm', 'First')
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

test('a push that is refused says why and moves nothing', async () => {
  accept = false
  calls = []
  const said = await git('push', '-o', 'run', remote('good'), 'main').catch(
    (error: unknown) => (error as { stderr: string }).stderr,
  )
  expect(said).toContain('remote: pre-receive says hello')
  expect(said).toContain('remote: a.dag.md:1:1 no')
  expect(said).toContain('pre-receive hook declined')
  expect(calls).toMatchObject([
    { hook: 'pre-receive', options: ['run'], updates: [{ ref: 'refs/heads/main', oldSha: '0'.repeat(40) }] },
  ])
  expect(calls[0]?.quarantine).not.toBeNull()
  expect(seen).toEqual(['a.txt'])
  expect(await store.refs(id)).toEqual(new Map())
})

test('a push that is accepted moves the ref, and both hooks are heard', async () => {
  accept = true
  calls = []
  expect(await git('push', remote('good'), 'main')).toContain('remote: post-receive says hello')
  expect(calls.map((call) => call.hook)).toEqual(['pre-receive', 'post-receive'])
  const sha = (await git('rev-parse', 'HEAD')).trim()
  expect(await store.refs(id)).toEqual(new Map([['refs/heads/main', sha]]))
  expect(await store.resolve(id, 'main')).toBe(sha)
  expect(await store.resolve(id, sha.slice(0, 8))).toBe(sha)
  expect(await store.commit(id, sha)).toMatchObject({ sha, subject: 'First', authorName: 'A', parents: [] })
  const [entry] = await store.tree(id, sha)
  expect((await readBlobs(store.path(id), [entry?.blob ?? ''])).get(entry?.blob ?? '')?.toString()).toBe(
    'one\n',
  )
})

const spoil = async (how: (call: HookCall) => Promise<Error>): Promise<string> => {
  failsWith = how
  reported = []
  try {
    return await git('push', remote('good'), 'main:spoilt').catch(
      (error: unknown) => (error as { stderr: string }).stderr,
    )
  } finally {
    failsWith = null
  }
}

test('[R7] a push is answered also when the check fails here: it is refused, and the defect is logged', async () => {
  const said = await spoil(() => Promise.resolve(new Error('the database is away')))
  expect(said).toContain('remote: error: something went wrong here; it was logged')
  expect(said).not.toContain('the database is away')
  expect(reported).toMatchObject([{ message: 'the database is away' }])
})

test('a push that is too large is told so, which is no defect', async () => {
  const said = await spoil(() => Promise.resolve(new DagbokError('too_large', 'It has too many files.')))
  expect(said).toContain('remote: error: It has too many files.')
  expect(reported).toEqual([])
})

test('[R10] that the objects of a push which was killed cannot be read any more is no defect', async () => {
  const said = await spoil(async ({ quarantine, updates }) => {
    // What git does when its hook is killed.
    await rm(quarantine?.objects ?? '', { recursive: true })
    const reading = listTree(store.path(id), updates[0]?.newSha ?? '', quarantine)
    return reading.then(
      () => new Error('it could be read'),
      (error: unknown) => error as Error,
    )
  })
  expect(said).toContain('the push was cut off')
  expect(reported).toEqual([])
})

test.each(['before git is started', 'while git waits for it'])(
  '[R7] a client that goes %s leaves no git behind, and is no defect',
  async (when) => {
    reported = []
    const { promise: cut, resolve: cutOff } = Promise.withResolvers<void>()
    const { promise: gone, resolve: goes } = Promise.withResolvers<void>()
    server.once('request', (_request, response: ServerResponse) => response.once('close', goes))
    const url = new URL(`${remote('good')}/git-receive-pack`)
    const sent = request(`${url.origin}${url.pathname}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from('any:good').toString('base64')}`,
        'content-type': 'application/x-git-receive-pack-request',
        'content-length': '1000',
      },
    })
    sent.on('error', () => {})
    toldOfCut = cutOff
    opened = async () => {
      if (when !== 'before git is started') return
      sent.destroy()
      await gone
    }
    try {
      sent.write('0000')
      if (when === 'before git is started') await gone
      else {
        await once(sent, 'response')
        sent.destroy()
        await cut
      }
      while ((await backends()) > 0) await new Promise((done) => setImmediate(done))
      expect(reported).toEqual([])
    } finally {
      opened = () => Promise.resolve()
    }
  },
)

/** Programs of git that serve the repository now. */
async function backends(): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return folders.filter((cwd) => cwd === store.path(id)).length
}

test('[S3] a commit of a few kilobytes that names a billion files is not listed', async () => {
  const run = async (args: string[], input: string) => {
    const making = promisify(execFile)('git', args, { cwd: join(folder, 'work'), env: gitEnvironment() })
    making.child.stdin?.end(input)
    return (await making).stdout.trim()
  }
  const blob = await run(['hash-object', '-w', '--stdin'], '')
  let [tree, kind] = [blob, '100644 blob']
  for (let depth = 0; depth < 9; depth++) {
    const entries = Array.from({ length: 10 }, (_, i) => `${kind} ${tree}\tname-${i}`)
    ;[tree, kind] = [await run(['mktree'], `${entries.join('\n')}\n`), '040000 tree']
  }
  await expect(listTree(join(folder, 'work/.git'), tree)).rejects.toMatchObject({ code: 'too_large' })
})

test('blobs that are larger than asked for are not held', async () => {
  const [entry] = await listTree(join(folder, 'work/.git'), (await git('rev-parse', 'HEAD')).trim())
  const blob = entry?.blob ?? ''
  expect((await readBlobs(store.path(id), [blob], null, 4)).has(blob)).toBe(true)
  expect((await readBlobs(store.path(id), [blob], null, 3)).has(blob)).toBe(false)
})

test('a clone gets it back; a wrong token is told what to do', async () => {
  await git('clone', '-q', remote('good'), join(folder, 'clone'))
  const said = await git('ls-remote', remote('bad')).catch(
    (error: unknown) => (error as { stderr: string }).stderr,
  )
  expect(said).toContain('Authentication failed')
})

test('[S3] a ref that would be an option or a path is nobody’s ref', async () => {
  for (const name of ['--output=/tmp/x', '../x', 'refs/heads/../../config', 'a..b', '-u', 'x.lock', '@{1}'])
    await expect(store.resolve(id, name)).rejects.toMatchObject({ code: 'not_found' })
})

test('a push that does not come over HTTP is refused by the hook', async () => {
  await writeFile(join(folder, 'work', 'a.txt'), 'two\n')
  await git('commit', '-qam', 'Second')
  const env = { ...gitEnvironment(), GIT_ALLOW_PROTOCOL: 'file', HOME: folder }
  const push = promisify(execFile)('git', ['push', store.path(id), 'main'], {
    cwd: join(folder, 'work'),
    env,
  })
  await expect(push).rejects.toThrow('this repository takes pushes over HTTP only')
})

test.each([
  ['GET', '/git/main/demo.git/info/refs?service=git-upload-pack', 'git-upload-pack'],
  ['GET', '/git/main/demo/info/refs?service=git-receive-pack', 'git-receive-pack'],
  ['POST', '/git/main/demo.git/git-upload-pack', 'git-upload-pack'],
  ['GET', '/git/main/demo.git/HEAD', undefined],
  ['GET', '/git/main/demo.git/info/refs', undefined],
  ['GET', '/git/main/..%2f..%2fetc/info/refs?service=git-upload-pack', undefined],
  ['GET', '/git/main/demo.git/objects/info/packs', undefined],
])('%s %s is %s', (method, path, service) =>
  expect(routeOf(method, new URL(path, 'http://x'))?.service).toBe(service),
)
