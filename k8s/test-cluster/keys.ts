/** Keys, certificates and tokens of a cluster, and a kubeconfig for each who speaks to its API server. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'
import { apiPort, mostNodes, network, nodeAddress, nodeName, state } from './settings.ts'

export const keys = join(state, 'keys')
export const keyFile = (name: string): string => join(keys, name)
export const kubeconfigOf = (who: string): string => keyFile(`${who}.kubeconfig`)

/** Who has which user name and group. */
const clients: Record<string, [user: string, group: string]> = {
  admin: ['admin', 'system:masters'],
  controllers: ['system:kube-controller-manager', ''],
  scheduler: ['system:kube-scheduler', ''],
  proxy: ['system:kube-proxy', ''],
  ...Object.fromEntries(
    Array.from({ length: mostNodes }, (_, i) => nodeName(i + 1)).map((node) => [
      node,
      [`system:node:${node}`, 'system:nodes'],
    ]),
  ),
}

const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc']
const addresses = ['127.0.0.1', network.cluster, network.apiService, nodeAddress(1)]
const alternative = [...names.map((name) => `DNS:${name}`), ...addresses.map((at) => `IP:${at}`)].join(',')

const certificates: [name: string, subject: string, extension: string][] = [
  ['api', '/CN=kube-apiserver', `subjectAltName=${alternative}`],
  ['kubelet-client', '/O=system:masters/CN=kube-apiserver-kubelet-client', 'extendedKeyUsage=clientAuth'],
]

type Openssl = (...args: string[]) => Promise<string>

async function certify(openssl: Openssl): Promise<void> {
  const key = (name: string) =>
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyFile(`${name}.key`))
  const valid = ['-days', '3650']
  const authority = ['-new', '-key', keyFile('ca.key'), '-subj', '/CN=dagbok-test', ...valid]
  await key('ca')
  await openssl('req', '-x509', ...authority, '-out', keyFile('ca.crt'))
  for (const [name, subject, extension] of certificates) {
    await key(name)
    const request = keyFile(`${name}.csr`)
    await openssl('req', '-new', '-key', keyFile(`${name}.key`), '-subj', subject, '-out', request)
    await writeFile(keyFile(`${name}.ext`), extension)
    const by = ['-CA', keyFile('ca.crt'), '-CAkey', keyFile('ca.key'), '-CAcreateserial', ...valid]
    const out = ['-extfile', keyFile(`${name}.ext`), '-out', keyFile(`${name}.crt`)]
    await openssl('x509', '-req', '-in', request, ...by, ...out)
  }
  await openssl('genrsa', '-out', keyFile('accounts.key'), '2048')
  await openssl('rsa', '-in', keyFile('accounts.key'), '-pubout', '-out', keyFile('accounts.pub'))
}

function kubeconfig(token: string, authority: string): string {
  const server = `https://${network.cluster}:${apiPort}`
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  })
}

/** Makes them, unless they are there. @param env of `openssl` */
export async function makeKeys(env: Record<string, string>): Promise<void> {
  const done = keyFile('done')
  if (existsSync(done)) return
  await mkdir(keys, { recursive: true, mode: 0o700 })
  await certify((...args) => run(['openssl', ...args], { env }))
  const authority = (await readFile(keyFile('ca.crt'))).toString('base64')
  const rows: string[] = []
  for (const [who, [user, group]] of Object.entries(clients)) {
    const token = randomBytes(16).toString('hex')
    rows.push(`${token},${user},${user},"${group}"`)
    await writeFile(kubeconfigOf(who), kubeconfig(token, authority))
  }
  await writeFile(keyFile('tokens.csv'), `${rows.join('\n')}\n`)
  for (const name of await readdir(keys)) await chmod(keyFile(name), 0o600)
  await writeFile(done, '')
}
