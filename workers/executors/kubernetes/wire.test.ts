import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterError } from './cluster-error.ts'
import { AnsweringServer, json } from './testing/answering.ts'
import { Login, wireOf, unusable } from './wire.ts'

let folder = ''
let server: AnsweringServer
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-wire-'))
  server = await new AnsweringServer().open()
  server.answer = json(200, {})
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const get = (login: Login, signal = new AbortController().signal) =>
  wireOf(login)({ method: 'GET', path: '/api', signal }).then(async ({ status, body }) => {
    for await (const chunk of body) expect(chunk.length).toBeGreaterThan(0)
    return status
  })

/** A kubeconfig whose credentials come from a program that prints how often it has run. */
async function withProgram(script: string): Promise<() => KubeConfig> {
  const program = join(folder, 'credentials')
  await writeFile(program, `#!/bin/sh\necho x >> ${folder}/ran\n${script}\n`)
  await chmod(program, 0o755)
  return () => {
    const config = new KubeConfig()
    config.loadFromString(`
apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: '${server.url}', insecure-skip-tls-verify: true}}]
users: [{name: test, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ${program}}}}]
`)
    return config
  }
}
const credential = (token: string) => `echo '{"kind":"ExecCredential","status":{"token":"${token}"}}'`
const runs = async () => (await readFile(join(folder, 'ran'), 'utf8')).split('\n').length - 1

test('a program gives the credentials, once for all who wait for them', async () => {
  const login = new Login(await withProgram(credential('t$(wc -l < ran)').replace('ran', `${folder}/ran`)))
  expect(await Promise.all([get(login), get(login), get(login)])).toEqual([200, 200, 200])
  expect(await runs()).toBe(1)
})

test('credentials that are refused are asked for anew, and not at every call', async () => {
  let now = 0
  const load = await withProgram(credential('t'))
  const login = new Login(load, () => now)
  server.answer = json(401, {})
  for (let n = 0; n < 5; n++) expect(await get(login)).toBe(401)
  expect(await runs()).toBe(1)
  now = 10_000
  for (let n = 0; n < 5; n++) expect(await get(login)).toBe(401)
  expect(await runs()).toBe(2)
})

test('[R7] a program that never ends holds up nobody for longer than his bound', async () => {
  const login = new Login(await withProgram('exec sleep 5'))
  const bound = new AbortController()
  const [first, second] = [get(login, bound.signal), get(login, bound.signal)]
  setImmediate(() => bound.abort(new ClusterError('timeout', 'late')))
  const says = 'the program that gives them has not ended'
  await expect(first).rejects.toThrow(says)
  await expect(second).rejects.toThrow(says)
})

test.each<[what: string, load: () => KubeConfig, says: string]>([
  ['cannot be read', () => { throw new Error('ENOENT: no such file, open /x') }, 'The kubeconfig cannot be used: ENOENT'],
  ['has no current context', () => new KubeConfig(), 'it has no current context, or that names no cluster'],
  ['has no TLS and does not say that it means it', () => {
    const config = new KubeConfig()
    config.loadFromClusterAndUser({ name: 'a', server: 'http://127.0.0.1:1', skipTLSVerify: false }, { name: 'a' })
    return config
  }, 'HTTP protocol is not allowed'],
])('a kubeconfig that %s is told as that', async (_, load, says) => {
  const asked = get(new Login(load))
  await expect(asked).rejects.toMatchObject({ code: 'config' })
  await expect(asked).rejects.toThrow(says)
}) // prettier-ignore

test('a program that fails says why', async () => {
  const login = new Login(await withProgram('echo "please sign in" >&2; exit 1'))
  await expect(get(login)).rejects.toThrow('The kubeconfig cannot be used: please sign in')
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

test.skipIf(!hasOpenssl)('a server is trusted by its certificate, and by no other', async () => {
  const made = ['server', 'other'].map((name) =>
    spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=x', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${folder}/${name}.key`, '-out', `${folder}/${name}.crt`]),
  ) // prettier-ignore
  expect(made.map(({ status }) => status)).toEqual([0, 0])
  const files = { key: await readFile(`${folder}/server.key`), cert: await readFile(`${folder}/server.crt`) }
  const secure = createServer(files, (_, response) => response.end('{}'))
  let connections = 0
  secure.on('secureConnection', () => connections++)
  await new Promise<void>((done) => secure.listen(0, '127.0.0.1', done))
  const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`
  const loginWith = (name: string) =>
    new Login(() => {
      const config = new KubeConfig()
      const cluster = { name: 'a', server: url, skipTLSVerify: false, caFile: `${folder}/${name}.crt` }
      config.loadFromClusterAndUser(cluster, { name: 'a', token: 't' })
      return config
    })
  const trusted = loginWith('server')
  expect([await get(trusted), await get(trusted), await get(trusted)]).toEqual([200, 200, 200])
  expect(connections).toBe(1)
  await expect(get(loginWith('other'))).rejects.toMatchObject({ code: 'untrusted' })
  secure.closeAllConnections()
  await new Promise((done) => secure.close(done))
})

test('what is wrong in a kubeconfig is said without what stands in it', () => {
  const quoted = new Error('deficient indentation (8:1)\n\n 6 |     token: hunter22\n 7 |')
  expect(unusable(quoted).message).toBe('The kubeconfig cannot be used: deficient indentation (8:1)')
})
