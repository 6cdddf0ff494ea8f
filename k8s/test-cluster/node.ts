/** A node: its own containerd, kubelet, address on the bridge, part of the pod network, and control groups. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeGroups } from './cgroups.ts'
import type { Daemon } from './control-plane.ts'
import { keyFile, kubeconfigOf } from './keys.ts'
import { cgroupOf, network, nodeAddress, nodeName, registry, state } from './settings.ts'
import { inside } from './space.ts'

const folderOf = (n: number): string => join(state, nodeName(n))
const socketOf = (n: number): string => join(folderOf(n), 'run/containerd.sock')

/** Pods of a node have addresses of their own range. */
function networkOf(n: number): string {
  const ranges = [
    [
      {
        subnet: network.pods,
        rangeStart: `${network.podPrefix}.${n * 32}.1`,
        rangeEnd: `${network.podPrefix}.${n * 32 + 31}.254`,
        gateway: nodeAddress(1),
      },
    ],
  ]
  const dataDir = join(folderOf(n), 'addresses')
  const ipam = { type: 'host-local', dataDir, ranges, routes: [{ dst: '0.0.0.0/0' }] }
  const bridge = {
    type: 'bridge',
    bridge: network.bridge,
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ipam,
  }
  const ports = { type: 'portmap', capabilities: { portMappings: true } }
  return JSON.stringify({ cniVersion: '0.4.0', name: 'pods', plugins: [bridge, ports] })
}

const containerdConfig = (n: number, plugins: string): string => `version = 2
root = "${join(folderOf(n), 'containerd')}"
state = "${join(folderOf(n), 'run/containerd')}"
disabled_plugins = [
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt",
]
[grpc]
  address = "${socketOf(n)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${registry}/pause:1"
  stream_server_address = "127.0.0.1"
  # runc may not lower a score without CAP_SYS_RESOURCE, which not every root has
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${join(folderOf(n), 'registries')}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${join(folderOf(n), 'network')}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`

const plainHost = (address: string): string => `server = "http://${address}"
[host."http://${address}"]
  capabilities = ["pull", "resolve"]
`

/** A registry that a node asks without TLS: one that has no host of its own here is asked by it. @param address `HOST:PORT` */
export async function askWithoutTls(n: number, address: string): Promise<void> {
  const hosts = join(folderOf(n), 'registries', `${address.replace(':', '_')}_`)
  await mkdir(hosts, { recursive: true })
  await writeFile(join(hosts, 'hosts.toml'), plainHost(address))
}

const kubeletConfig = (n: number): string =>
  JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: nodeAddress(n),
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10347 + n,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: keyFile('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${socketOf(n)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupOf(n)}`,
    failCgroupV1: false,
    failSwapOn: false,
    memorySwap: {},
    resolvConf: join(state, 'resolv.conf'),
    podLogsDir: join(folderOf(n), 'log'),
    volumePluginDir: join(folderOf(n), 'volume-plugins'),
    maxPods: 250,
    serializeImagePulls: false,
    eventRecordQPS: 0,
    // A log that is rotated before anybody reads it is gone: what tests write is kept.
    containerLogMaxSize: '200Mi',
    // A lost node is to be known soon.
    nodeStatusUpdateFrequency: '4s',
    nodeLeaseDurationSeconds: 8,
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
  })

/** Files of a node. @param plugins folder of the network's plugins */
export async function prepareNode(n: number, plugins: string): Promise<void> {
  const at = folderOf(n)
  for (const below of ['run', 'network', 'kubelet', 'log', 'volume-plugins'])
    await mkdir(join(at, below), { recursive: true })
  await askWithoutTls(n, registry)
  await writeFile(join(at, 'network/10-pods.conflist'), networkOf(n))
  await writeFile(join(at, 'containerd.toml'), containerdConfig(n, plugins))
  await writeFile(join(at, 'kubelet.json'), kubeletConfig(n))
  await writeFile(join(state, 'resolv.conf'), `nameserver ${network.cluster}\n`)
  await makeGroups(n)
  if (n > 1) await inside(['ip', 'address', 'replace', `${nodeAddress(n)}/16`, 'dev', network.bridge])
}

export const containerd = (n: number): Daemon => ({
  name: `containerd${n}`,
  argv: ['containerd', '--config', join(folderOf(n), 'containerd.toml')],
})

/** What says that a node's containerd answers. */
export const asksContainerd = (n: number): string[] => ['ctr', '--address', socketOf(n), 'version']

export const kubelet = (n: number, programs: string): Daemon => ({
  name: `kubelet${n}`,
  argv: [
    join(programs, 'kubelet'),
    `--kubeconfig=${kubeconfigOf(nodeName(n))}`,
    `--config=${join(folderOf(n), 'kubelet.json')}`,
    `--root-dir=${join(folderOf(n), 'kubelet')}`,
    `--cert-dir=${join(folderOf(n), 'kubelet/pki')}`,
    `--hostname-override=${nodeName(n)}`,
    `--node-ip=${nodeAddress(n)}`,
    '--node-labels=topology.kubernetes.io/zone=z1',
    '--v=2',
  ],
})
