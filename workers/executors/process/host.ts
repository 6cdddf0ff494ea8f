/** This machine, as the process executor uses it: folders, the user id of tasks, the search path, boot id. */
import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import {
  access,
  chmod,
  chown,
  copyFile,
  lchown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
} from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { LogPipes } from './log-pipes.ts'
import { Spawner } from './spawner/spawner.ts'

/** The user id tasks have when the product is started as root: it owns nothing of the product. */
export const taskUserId = 64_101

export interface Host {
  /** Folder that task processes may enter; everything of the executor lies in it. */
  runtime: string
  /** As root the id tasks run under; null: the product's own. */
  uid: number | null
  /** PATH of tasks: the product's Node first. */
  path: string
  /** Changes with each boot of the machine: a pid of another boot is nobody's. null: this system does not tell. */
  bootId: string | null
  pipes: LogPipes
  /** Starts processes; whoever opened the host closes it. */
  spawner: Spawner
}

/** What a program printed; null when it did not end with 0, or could not be started. */
async function outputOf(
  command: string,
  args: string[],
  uid: number | null,
  path: string,
): Promise<string | null> {
  const child = spawn(command, args, {
    cwd: '/',
    env: { NODE_ENV: 'production', PATH: path },
    stdio: ['ignore', 'pipe', 'ignore'],
    ...(uid === null ? {} : { uid, gid: uid }),
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(126))
    child.once('close', (status) => resolve(status ?? 126))
  })
  return code === 0 ? out : null
}

/** The folders of PATH that tasks can look into; those that npm puts in front for its own scripts are not for them. */
async function reachable(path: string, uid: number | null): Promise<string[]> {
  const folders = path.split(delimiter).filter((one) => isAbsolute(one) && !one.includes('/node_modules/'))
  if (uid === null) return folders
  const script = 'for d in "$@"; do if [ -x "$d" ] && [ -r "$d" ]; then printf "%s\\n" "$d"; fi; done'
  const out = await outputOf('/bin/sh', ['-c', script, 'sh', ...folders], uid, path)
  return (out ?? '').split('\n').filter((line) => line !== '')
}

/** Node as tasks call it: a link, or as root a copy, since root's own may lie where they cannot look. */
async function placeNode(folder: string, uid: number | null): Promise<void> {
  await mkdir(folder, { recursive: true })
  await chmod(folder, uid === null ? 0o700 : 0o755)
  const aside = join(folder, `node.${process.pid}`)
  await rm(aside, { force: true })
  if (uid === null) await symlink(process.execPath, aside)
  else {
    const known = join(folder, `node-${process.version}`)
    if (
      !(await access(known, constants.X_OK).then(
        () => true,
        () => false,
      ))
    ) {
      const copy = `${known}.${process.pid}`
      await copyFile(process.execPath, copy, constants.COPYFILE_FICLONE)
      await chmod(copy, 0o755)
      await rename(copy, known)
    }
    await symlink(known, aside)
  }
  await rename(aside, join(folder, 'node'))
}

/** What waits in an interpreter's place (`warm/`), where the tasks' user can read it. */
async function placeIdlers(folder: string): Promise<void> {
  for (const name of ['idle.py', 'idle.cjs']) {
    const aside = join(folder, `${name}.${process.pid}`)
    await copyFile(join(import.meta.dirname, 'warm', name), aside)
    await chmod(aside, 0o644)
    await rename(aside, join(folder, name))
  }
}

const readBootId = async (): Promise<string | null> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null))?.trim() ?? null

/**
 * @param path the product's own PATH
 * @param brings whether tasks get our Node, before all else on their PATH: in an image of their own they have that image's, if any
 */
export async function openHost(runtime: string, path: string, brings = true): Promise<Host> {
  const uid = process.getuid?.() === 0 ? taskUserId : null
  const bin = join(runtime, 'bin')
  // Another user id passes through it to its attempt's folder, and cannot list it.
  await mkdir(join(runtime, 'attempts'), { recursive: true, mode: uid === null ? 0o700 : 0o711 })
  await mkdir(join(runtime, 'versions'), { recursive: true, mode: 0o700 })
  await mkdir(bin, { recursive: true })
  if (brings) await placeNode(bin, uid)
  await placeIdlers(bin)
  const spawner = new Spawner(path)
  const pipes = new LogPipes(join(runtime, 'pipes'), uid, spawner)
  await pipes.fill()
  return {
    runtime,
    uid,
    path: [bin, ...(await reachable(path, uid))].join(delimiter),
    bootId: await readBootId(),
    pipes,
    spawner,
  }
}

/** Where a program is for tasks, or null. Only what is found is remembered: it may be installed meanwhile. */
export function programFinder(host: Pick<Host, 'uid' | 'path'>): (name: string) => Promise<string | null> {
  const found = new Map<string, string>()
  return async (name) => {
    const known = found.get(name)
    if (known !== undefined) return known
    const out = await outputOf('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], host.uid, host.path)
    if (out !== null) found.set(name, out.trim())
    return out === null ? null : out.trim()
  }
}

/** Hands a folder with all in it to the tasks' user. */
export async function handOver(host: Pick<Host, 'uid'>, folder: string): Promise<void> {
  const { uid } = host
  if (uid === null) return
  // With types: without, folders that links lead to are looked into as well.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  await Promise.all(entries.map(({ parentPath, name }) => lchown(join(parentPath, name), uid, uid)))
  await chown(folder, uid, uid)
}
