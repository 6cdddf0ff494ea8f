/** Helm, built from the Go module proxy by its exact version. */
import { join } from 'node:path'
import { kept } from './kept.ts'
import { run } from './run.ts'

const version = 'v3.19.5'

/** The program's path. With nothing cached it takes a minute. @throws ClusterError */
export async function helmProgram(say: (text: string) => void): Promise<string> {
  const source = `helm.sh/helm/v3/cmd/helm@${version}`
  const make = async (folder: string) => {
    const env = { GOBIN: folder, GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off', CGO_ENABLED: '0' }
    await run(['go', 'install', '-trimpath', '-ldflags', '-s -w', source], { cwd: folder, env })
  }
  return join(await kept('helm', source, make, say), 'helm')
}
