/** What a program must not see: the product's folders, and on the machine what is only for its users and services. */
import { realpath } from 'node:fs/promises'
import { homedir } from 'node:os'

/** Sockets of services and secrets of containers, and the home of the product's user. */
const ofMachine = () => ['/run', '/var/run', homedir()]

const existing = async (paths: readonly string[]): Promise<string[]> =>
  (await Promise.all(paths.map((path) => realpath(path).catch(() => '')))).filter((path) => path !== '')

const holds = (folder: string, path: string) =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`)

/** What is run inside the seal: without one of these nothing is. */
const needed = ['node', 'python3', 'sh', 'mount', 'prlimit', 'setpriv']

/**
 * Real paths, none inside another.
 * @param own folders and files of the product, hidden in any case
 * @param open what has to stay in sight
 * @param find a program's path, or null
 */
export async function hiddenPlaces(
  own: readonly string[],
  open: readonly string[],
  find: (program: string) => Promise<string | null>,
): Promise<string[]> {
  const found = (await Promise.all(needed.map((name) => find(name)))).filter((path) => path !== null)
  const links = [process.execPath, ...found, ...open]
  // A link is needed as well as what it leads to.
  const kept = [...links, ...(await existing(links))]
  const free = (await existing(ofMachine())).filter((place) => !kept.some((path) => holds(place, path)))
  const all = [...new Set([...(await existing(own)), ...free])]
  return all.filter((place) => !all.some((other) => other !== place && holds(other, place)))
}
