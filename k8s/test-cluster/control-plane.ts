/** etcd, the API server, the controllers, the scheduler and the proxy: argv of each, in the order of their start. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keyFile, kubeconfigOf } from './keys.ts'
import { apiPort, lost, network, nodeName, registry, state } from './settings.ts'

export interface Daemon {
  name: string
  argv: string[]
}

const flags = (all: Record<string, string>) =>
  Object.entries(all).map(([name, value]) => `--${name}=${value}`)

/** Layers of its images are in a folder, which is made. */
export async function registryDaemon(programs: string): Promise<Daemon> {
  const folder = join(state, 'registry')
  await mkdir(folder, { recursive: true })
  return { name: 'registry', argv: [join(programs, 'kube'), 'registry', registry, folder] }
}

/** Where etcd is, inside. */
export const etcdUrl = 'http://127.0.0.1:2379'

const etcd = (programs: string): Daemon => ({
  name: 'etcd',
  argv: [
    join(programs, 'etcd'),
    '--data-dir',
    join(state, 'etcd'),
    // A cluster of tests is never started again after the machine has failed.
    '--unsafe-no-fsync',
    '--log-level',
    'warn',
  ],
})

/** Requests a second of a part that is to be no limit to a test. */
const quick = { 'kube-api-qps': '200', 'kube-api-burst': '400' }

const apiServer = (programs: string): Daemon => ({
  name: 'kube-apiserver',
  argv: [
    join(programs, 'kube-apiserver'),
    ...flags({
      'etcd-servers': etcdUrl,
      'bind-address': network.cluster,
      'advertise-address': network.cluster,
      'secure-port': String(apiPort),
      'tls-cert-file': keyFile('api.crt'),
      'tls-private-key-file': keyFile('api.key'),
      'client-ca-file': keyFile('ca.crt'),
      'token-auth-file': keyFile('tokens.csv'),
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': keyFile('accounts.pub'),
      'service-account-signing-key-file': keyFile('accounts.key'),
      'service-cluster-ip-range': network.services,
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'allow-privileged': 'true',
      'kubelet-client-certificate': keyFile('kubelet-client.crt'),
      'kubelet-client-key': keyFile('kubelet-client.key'),
      'kubelet-preferred-address-types': 'InternalIP',
      'default-unreachable-toleration-seconds': String(lost.unreachableSeconds),
      'default-not-ready-toleration-seconds': String(lost.unreachableSeconds),
      profiling: 'false',
    }),
  ],
})

const controllers = (programs: string): Daemon => ({
  name: 'kube-controller-manager',
  argv: [
    join(programs, 'kube-controller-manager'),
    ...flags({
      kubeconfig: kubeconfigOf('controllers'),
      'root-ca-file': keyFile('ca.crt'),
      'service-account-private-key-file': keyFile('accounts.key'),
      'use-service-account-credentials': 'true',
      'leader-elect': 'false',
      'bind-address': '127.0.0.1',
      'node-monitor-grace-period': `${lost.graceSeconds}s`,
      'node-monitor-period': '1s',
      'terminated-pod-gc-threshold': '500',
      'flex-volume-plugin-dir': join(state, 'volume-plugins'),
      ...quick,
    }),
  ],
})

const scheduler = (programs: string): Daemon => ({
  name: 'kube-scheduler',
  argv: [
    join(programs, 'kube-scheduler'),
    ...flags({
      kubeconfig: kubeconfigOf('scheduler'),
      'authentication-kubeconfig': kubeconfigOf('scheduler'),
      'authorization-kubeconfig': kubeconfigOf('scheduler'),
      'leader-elect': 'false',
      'bind-address': '127.0.0.1',
      ...quick,
    }),
  ],
})

const proxyConfig = join(state, 'proxy.json')

const proxy = (programs: string): Daemon => ({
  name: 'kube-proxy',
  argv: [join(programs, 'kube-proxy'), '--config', proxyConfig],
})

async function writeProxyConfig(): Promise<void> {
  const config = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: kubeconfigOf('proxy') },
    mode: 'iptables',
    clusterCIDR: network.pods,
    hostnameOverride: nodeName(1),
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    // Settings of the machine's connection tracking stay as they are.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  }
  await writeFile(proxyConfig, JSON.stringify(config))
}

/** Those that the API server needs, and it. */
export async function firstDaemons(programs: string): Promise<Daemon[]> {
  await mkdir(join(state, 'etcd'), { recursive: true, mode: 0o700 })
  return [etcd(programs), apiServer(programs)]
}

/** Those that need the API server. */
export async function laterDaemons(programs: string): Promise<Daemon[]> {
  await writeProxyConfig()
  return [controllers(programs), scheduler(programs), proxy(programs)]
}
