/** The small images of the tests, made of Debian packages and of our own Node, without an engine. */
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { agentFiles, writeAgentFiles } from '../images/agent-bundle.ts'
import { node24 } from '../../cli/setup/machine.mjs'
import { unpack } from './debian.ts'
import { makeImage, type ImageConfig } from './image.ts'
import { kept } from './kept.ts'
import { goEnv } from './kubernetes.ts'
import { run } from './run.ts'

export interface Recipe {
  packages: string[]
  config: ImageConfig
  /** What is put into it beside its packages, and taken out of it. */
  more?: (root: string) => Promise<void>
}

/** The usual folders, and a user `user` (1000). */
async function addUsers(root: string): Promise<void> {
  for (const folder of ['etc', 'root', 'proc', 'sys', 'dev', 'usr/local/bin'])
    await mkdir(join(root, folder), { recursive: true })
  for (const folder of ['tmp', 'var/tmp']) {
    await mkdir(join(root, folder), { recursive: true })
    await chmod(join(root, folder), 0o1777)
  }
  const users = ['root:x:0:0:root:/root:/bin/sh', 'user:x:1000:1000:user:/tmp:/bin/sh']
  await writeFile(join(root, 'etc/passwd'), `${users.join('\n')}\n`)
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nuser:x:1000:\n')
}

/** A shell and the usual tools: every name that busybox answers to. */
async function linkBusybox(root: string): Promise<void> {
  const names = (await run([join(root, 'bin/busybox'), '--list'])).split('\n')
  for (const name of names.filter((name) => name !== 'busybox'))
    await symlink('busybox', join(root, 'bin', name)).catch(() => {})
}

/** Documentation is of no use in a container. */
const dropDocumentation = async (root: string) => {
  for (const folder of [
    'usr/share/doc',
    'usr/share/man',
    'usr/share/locale',
    'usr/lib/python3/dist-packages',
  ])
    await rm(join(root, folder), { recursive: true, force: true })
}

async function finishPython(root: string): Promise<void> {
  await linkBusybox(root)
  await dropDocumentation(root)
  await symlink('python3', join(root, 'usr/bin/python')).catch(() => {})
}

export async function withNode(root: string): Promise<void> {
  await linkBusybox(root)
  await dropDocumentation(root)
  await copyFile(node24(), join(root, 'usr/bin/node'))
}

async function finishWorkshop(root: string): Promise<void> {
  await finishPython(root)
  await copyFile(node24(), join(root, 'usr/bin/node'))
}

const recipes: Record<string, Recipe> = {
  busybox: { packages: ['busybox-static'], config: { Cmd: ['/bin/sh'] }, more: linkBusybox },
  python: { packages: ['busybox-static', 'python3'], config: { Cmd: ['python3'] }, more: finishPython },
  /** What scripts of every language need that the tests of executors are written in. */
  workshop: {
    packages: ['busybox-static', 'bash', 'coreutils', 'python3', 'libstdc++6', 'libatomic1'],
    config: { Cmd: ['bash'] },
    more: finishWorkshop,
  },
  node: {
    packages: ['busybox-static', 'libstdc++6', 'libatomic1'],
    config: { Cmd: ['node'] },
    more: withNode,
  },
}

/** Packages of today's Debian put some folders at the root, others below `usr`: both names are to lead to one place. */
async function mergeUsr(root: string): Promise<void> {
  for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
    const at = join(root, folder)
    await mkdir(join(root, 'usr', folder), { recursive: true })
    const names = await readdir(at).catch(() => null)
    if (names !== null) {
      await cp(at, join(root, 'usr', folder), { recursive: true, verbatimSymlinks: true, force: true })
      await rm(at, { recursive: true })
    }
    await symlink(`usr/${folder}`, at)
  }
}

export async function makeFromPackages(folder: string, { packages, config, more }: Recipe): Promise<void> {
  const root = join(folder, 'root')
  await unpack(packages, 'nothing', root)
  await mergeUsr(root)
  await addUsers(root)
  await more?.(root)
  await makeImage(join(folder, 'image'), root, config)
  await rm(root, { recursive: true })
}

/** With nothing in it but one program of its own. */
async function makeFromProgram(folder: string, program: string, path: string): Promise<void> {
  const root = join(folder, 'root')
  await mkdir(root)
  await copyFile(program, join(root, path))
  await makeImage(join(folder, 'image'), root, { Entrypoint: [`/${path}`] })
  await rm(root, { recursive: true })
}

const oneProgram = join(import.meta.dirname, 'one-program/main.go')

/** From scratch, with a program that links nothing. */
async function makeOneProgram(folder: string): Promise<void> {
  const program = join(folder, 'one-program')
  await run(['go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', program, oneProgram], { env: goEnv })
  await makeFromProgram(folder, program, 'one-program')
}

/** The agent of tasks' pods, on top of the image with Node. */
async function makeAgent(folder: string, files: Record<string, string>, node: string): Promise<void> {
  const root = join(folder, 'root')
  await writeAgentFiles(join(root, 'opt/dagbok'), files)
  await makeImage(join(folder, 'image'), root, { Entrypoint: ['node', '/opt/dagbok/agent.mjs'] }, node)
  await rm(root, { recursive: true })
}

/** By `NAME:TAG`, the folder of each image. @param kubernetes where `pause` is */
export async function images(kubernetes: string, say: (text: string) => void): Promise<Map<string, string>> {
  const all = new Map<string, string>()
  const pause = join(kubernetes, 'pause')
  const made = await kept('image-pause', kubernetes, (folder) => makeFromProgram(folder, pause, 'pause'), say)
  all.set('pause:1', join(made, 'image'))
  const source = await readFile(oneProgram, 'utf8')
  const one = await kept('image-one-program', [source, process.arch], makeOneProgram, say)
  all.set('one-program:1', join(one, 'image'))
  for (const [name, recipe] of Object.entries(recipes)) {
    const decides = [recipe.packages, recipe.config, String(recipe.more), process.version]
    const folder = await kept(`image-${name}`, decides, (at) => makeFromPackages(at, recipe), say)
    all.set(`${name}:1`, join(folder, 'image'))
  }
  const node = all.get('node:1') ?? ''
  const files = await agentFiles()
  const agent = await kept('image-agent', [files, node], (at) => makeAgent(at, files, node), say)
  all.set('dagbok-agent:1', join(agent, 'image'))
  return all
}
