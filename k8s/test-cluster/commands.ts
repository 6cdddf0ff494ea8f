/** The commands of `npm run cluster`. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { ClusterError } from './cluster-error.ts'
import { daemons, pidOf } from './daemons.ts'
import { down } from './down.ts'
import { kubeconfigOf } from './keys.ts'
import { missing } from './requirements.ts'
import { minors, mostNodes, network, registry, versions, type Minor } from './settings.ts'
import { clusterState } from './state.ts'
import { prepare, up } from './up.ts'

// Whoever reads the first line only goes before the rest is written.
process.stdout.on('error', () => process.exit())

const began = Date.now()
const say = (text: string) =>
  console.error(`[${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s] ${text}`)

function nodeCount(text: string): number {
  const nodes = Number(text)
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > mostNodes)
    throw new InvalidArgumentError(`a cluster has 1 to ${mostNodes} nodes.`)
  return nodes
}

const minor = () => new Option('--minor <version>', 'of Kubernetes').choices(minors).default('1.35')

async function status(): Promise<void> {
  const now = await clusterState()
  if (now === null) {
    const reasons = await missing()
    console.log(reasons.length === 0 ? 'down' : `down; none can be up on this machine: ${reasons.join('; ')}`)
    return
  }
  console.log(
    `up: Kubernetes ${versions[now.minor]}, nodes: ${now.nodes}, registry ${registry}, this machine is ${network.host}`,
  )
  for (const name of await daemons())
    console.log(`  ${name.padEnd(24)} ${(await pidOf(name)) ?? 'does not run'}`)
}

async function kubeconfig(): Promise<void> {
  if ((await clusterState()) === null)
    throw new ClusterError('no cluster is up: `npm run cluster -- up` starts one')
  console.log(kubeconfigOf('admin'))
}

export const program = new Command('npm run cluster --').description('the Kubernetes cluster of the tests')
program
  .command('up')
  .description('brings it up, and waits until it is ready; what is missing is downloaded and built')
  .addOption(minor())
  .option('--nodes <n>', `1 to ${mostNodes}`, nodeCount, 1)
  .action(async (wanted: { minor: Minor; nodes: number }) => {
    await up(wanted, say)
    say('ready')
    await status()
    console.log(`export KUBECONFIG=${kubeconfigOf('admin')}`)
  })
program.command('down').description('ends it, and removes all that it wrote').action(down)
program.command('status').description('what is up, or why nothing can be').action(status)
program.command('kubeconfig').description("the path of its administrator's kubeconfig").action(kubeconfig)
program
  .command('prepare')
  .description('downloads and builds what is missing')
  .addOption(minor())
  .action(async ({ minor }: { minor: Minor }) => void (await prepare(minor, say)))
