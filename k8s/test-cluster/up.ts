/** From a machine to a cluster that is ready. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from './cluster-error.ts'
import { firstDaemons, laterDaemons, registryDaemon, type Daemon } from './control-plane.ts'
import { startDaemon } from './daemons.ts'
import { down } from './down.ts'
import { images } from './images.ts'
import { kubeconfigOf, makeKeys } from './keys.ts'
import { kubernetes } from './kubernetes.ts'
import { asksContainerd, containerd, kubelet, prepareNode } from './node.ts'
import { pushImage } from './push.ts'
import { missing } from './requirements.ts'
import { run, succeeds } from './run.ts'
import { nodeName, registry, state, type Minor } from './settings.ts'
import { entering, holder, openSpace } from './space.ts'
import { clusterState, type ClusterState } from './state.ts'
import { noteSettings } from './changed-settings.ts'
import { tools, type Tools } from './tools.ts'
import { until } from './until.ts'

export interface Wanted {
  minor: Minor
  nodes: number
}

export interface Parts {
  /** Folder of Kubernetes' programs. */
  programs: string
  tools: Tools
  /** By `NAME:TAG`, the folder of each image. */
  images: Map<string, string>
}

/** Everything that is downloaded or built. @throws ClusterError */
export async function prepare(minor: Minor, say: (text: string) => void): Promise<Parts> {
  const reasons = await missing()
  if (reasons.length > 0)
    throw new ClusterError(`there can be no cluster on this machine: ${reasons.join('; ')}`)
  const programs = await kubernetes(minor, say)
  return { programs, tools: await tools(say), images: await images(programs, say) }
}

async function startAll(wanted: Wanted, parts: Parts, say: (text: string) => void): Promise<void> {
  const { programs, tools, images } = parts
  const nodes = Array.from({ length: wanted.nodes }, (_, i) => i + 1)
  const start = ({ name, argv }: Daemon) => startDaemon(name, argv, tools.env)
  const kubectl = [join(programs, 'kubectl'), '--kubeconfig', kubeconfigOf('admin')]
  await start(await registryDaemon(programs))
  for (const n of nodes) {
    await prepareNode(n, tools.plugins)
    await start(containerd(n))
  }
  for (const daemon of await firstDaemons(programs)) await start(daemon)
  const answers = (argv: string[]) => async () => ((await succeeds(argv, { env: tools.env })) ? true : null)
  await until('the registry answers', () =>
    fetch(`http://${registry}/v2/`).then(
      (it) => it.ok || null,
      () => null,
    ),
  )
  for (const [reference, folder] of images) await pushImage(registry, reference, folder)
  for (const n of nodes) await until(`containerd${n} answers`, answers(await entering(asksContainerd(n))))
  await until('the API server answers', answers([...kubectl, 'get', '--raw', '/readyz']))
  say('API server answers')
  for (const daemon of await laterDaemons(programs)) await start(daemon)
  for (const n of nodes) await start(kubelet(n, programs))
  for (const n of nodes) {
    const ready = ['wait', '--for=condition=Ready', '--timeout=2s', `node/${nodeName(n)}`]
    await until(`${nodeName(n)} is ready`, answers([...kubectl, ...ready]), 120_000)
  }
  await until('there is a service account', answers([...kubectl, 'get', 'serviceaccount', 'default']))
}

/**
 * Brings a cluster up, unless the one that is wanted is up. What is left of one that was cut off is removed before, and what
 * does not come up whole is taken down.
 * @throws ClusterError
 */
export async function up(wanted: Wanted, say: (text: string) => void): Promise<ClusterState> {
  const now = await clusterState()
  if (now !== null && now.minor === wanted.minor && now.nodes === wanted.nodes) return now
  const parts = await prepare(wanted.minor, say)
  if (now !== null) say(`the cluster that is up is ${now.minor} with ${now.nodes} nodes, and is taken down`)
  await down()
  await mkdir(state, { recursive: true, mode: 0o755 })
  await noteSettings()
  try {
    await openSpace()
    await makeKeys(parts.tools.env)
    await startAll(wanted, parts, say)
    const made: ClusterState = {
      ...wanted,
      programs: parts.programs,
      env: parts.tools.env,
      holder: (await holder()) ?? 0,
    }
    await writeFile(join(state, 'cluster.json'), JSON.stringify(made))
    return made
  } catch (error) {
    const tail = await run(['sh', '-c', `tail -n 3 ${state}/log/*.log`]).catch(() => '')
    await down()
    throw new ClusterError(`${error instanceof Error ? error.message : String(error)}\n${tail}`)
  }
}
