/** Argo's workflow-controller and what it asks of a cluster, from the Go module proxy by exact version and sum. */
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from '#k8s/test-cluster/cluster-error.ts'
import { kept } from '#k8s/test-cluster/kept.ts'
import { run } from '#k8s/test-cluster/run.ts'

export const argoVersion = 'v3.7.3'
const source = `github.com/argoproj/argo-workflows/v3@${argoVersion}`
const sum = 'h1:b0o03RTLXIL7lQunDEvLoDTeI5TbfXe2obGaItvvifk='
const definitions = 'manifests/base/crds/minimal'

/** The toolchain that is there and no other. */
const env = { GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' }

export interface ArgoProgram {
  /** The controller. */
  program: string
  /** Files of the custom resources that it works on. */
  definitions: string[]
}

/** The module with its own list of exact dependencies, as Go keeps it. @throws ClusterError unless it is what it was */
async function moduleFolder(cwd: string): Promise<string> {
  const got = JSON.parse(await run(['go', 'mod', 'download', '-json', source], { cwd, env })) as {
    Dir: string
    Sum: string
  }
  if (got.Sum !== sum) throw new ClusterError(`${source} has the sum ${got.Sum}, and is to have ${sum}`)
  return got.Dir
}

async function make(folder: string): Promise<void> {
  const at = await moduleFolder(folder)
  await mkdir(join(folder, 'definitions'))
  for (const name of await readdir(join(at, definitions)))
    if (name.startsWith('argoproj.io_'))
      await copyFile(join(at, definitions, name), join(folder, 'definitions', name))
  const options = ['-p', '2', '-trimpath', '-mod=readonly', '-ldflags', '-s -w']
  const program = join(folder, 'workflow-controller')
  // `go install` would refuse it: a module that replaces another must be the main one.
  await run(['go', 'build', ...options, '-o', program, './cmd/workflow-controller'], { cwd: at, env })
}

/** Kept with the test cluster's programs. With nothing cached it takes two minutes. @throws ClusterError */
export async function argoProgram(say: (text: string) => void): Promise<ArgoProgram> {
  const folder = await kept(`argo-${argoVersion}`, [source, sum, definitions], make, say)
  const all = join(folder, 'definitions')
  const names = (await readdir(all)).toSorted()
  return {
    program: join(folder, 'workflow-controller'),
    definitions: names.map((name) => join(all, name)),
  }
}
