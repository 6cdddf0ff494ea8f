/** Programs to compare with that are no dependency of the product: installed from npm beside it, by exact version. */
import { execFile } from 'node:child_process'
import { mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

export const peersFolder = resolve(import.meta.dirname, '../../.bench/peers')

/** Installs `name@version` once, without its scripts. @returns the address of its file `main`; throws with npm's words */
export async function installPeer(name: string, version: string, main: string): Promise<string> {
  const target = join(peersFolder, `${name}-${version}`)
  const file = join(target, 'node_modules', name, main)
  if ((await stat(file).catch(() => null)) === null) {
    await mkdir(target, { recursive: true })
    process.stderr.write(`installing ${name} ${version} …\n`)
    const options = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts']
    await promisify(execFile)('npm', ['install', '--prefix', target, ...options, `${name}@${version}`], {
      cwd: target,
    })
  }
  return pathToFileURL(file).href
}
