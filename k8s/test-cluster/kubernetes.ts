/** Kubernetes and etcd as one program, built from the Go module proxy by the exact versions in `kube/MINOR/`. */
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { kept } from './kept.ts'
import { run } from './run.ts'
import { cache, versions, type Minor } from './settings.ts'

const source = join(import.meta.dirname, 'kube')
/** Files of the program: those of one minor version, and those of all. */
const ofMinor = ['go.mod', 'go.sum', 'kubelet.go']
const ofAll = ['main.go', 'pause/main.go']
const parts = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'kubectl',
]

/** What the programs say their version is: without it they are of none, and refuse each other. */
function versionFlags(minor: Minor): string {
  const says = {
    gitVersion: `v${versions[minor]}`,
    gitMajor: '1',
    gitMinor: minor.slice(2),
    gitTreeState: 'archive',
    gitCommit: '0'.repeat(40),
    buildDate: '2026-01-01T00:00:00Z',
  }
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
  return packages
    .flatMap((name) => Object.entries(says).map(([key, value]) => `-X ${name}.${key}=${value}`))
    .join(' ')
}

/** The toolchain that is there and no other, whatever this machine's Go is told by its settings. */
export const goEnv = { GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' }

async function build(minor: Minor, folder: string): Promise<void> {
  const at = join(cache, 'source', minor)
  await mkdir(join(at, 'pause'), { recursive: true })
  for (const name of ofMinor) await copyFile(join(source, minor, name), join(at, name))
  for (const name of ofAll) await copyFile(join(source, name), join(at, name))
  const common = ['build', '-trimpath', '-mod=readonly']
  const flags = `-s -w ${versionFlags(minor)}`
  await run(
    ['go', ...common, '-tags', 'grpcnotrace,notest', '-ldflags', flags, '-o', join(folder, 'kube'), '.'],
    {
      cwd: at,
      env: goEnv,
    },
  )
  await run(['go', ...common, '-ldflags', '-s -w', '-o', join(folder, 'pause'), './pause'], {
    cwd: at,
    env: goEnv,
  })
  for (const part of parts) await symlink('kube', join(folder, part))
}

/**
 * The folder with `kube`, a link to it for each part, and `pause`. With nothing cached it takes about five minutes on two
 * processors, and 4 GB in Go's own caches.
 * @throws ClusterError
 */
export async function kubernetes(minor: Minor, say: (text: string) => void): Promise<string> {
  const names = [...ofMinor.map((name) => join(minor, name)), ...ofAll]
  const files = names.map((name) => readFile(join(source, name), 'utf8'))
  const make = (folder: string) => build(minor, folder)
  return kept(`kubernetes-${versions[minor]}`, await Promise.all(files), make, say)
}
