/** The programs that a cluster needs beside Kubernetes itself. */
import { existsSync } from 'node:fs'
import { readdir, symlink, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { childEnvironment } from '#server/config/environment.ts'
import { unpack } from './debian.ts'
import { kept } from './kept.ts'

const packages = [
  'containerd',
  'runc',
  'containernetworking-plugins',
  'iptables',
  'conntrack',
  'ethtool',
  'socat',
  'openssl',
]

export interface Tools {
  folder: string
  /** Of whatever runs with them. */
  env: Record<string, string>
  /** Plugins of the container network. */
  plugins: string
}

const programFolders = ['links', 'usr/sbin', 'usr/bin', 'sbin', 'bin']
const libraryFolders = ['usr/lib', 'lib']

/** Of `iptables` a package holds one program for all its names: alternatives would link them, and are not asked. */
async function linkTables(folder: string): Promise<void> {
  const one = join(folder, 'usr/sbin/xtables-nft-multi')
  await mkdir(join(folder, 'links'))
  if (!existsSync(one)) return
  for (const family of ['iptables', 'ip6tables'])
    for (const suffix of ['', '-save', '-restore'])
      await symlink('../usr/sbin/xtables-nft-multi', join(folder, 'links', family + suffix))
}

/** Where libraries of this machine's architecture are, below each folder of libraries. */
async function librariesIn(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const below of libraryFolders) {
    const names = await readdir(join(folder, below)).catch(() => [])
    found.push(
      ...names.filter((name) => name.endsWith('-linux-gnu')).map((name) => join(folder, below, name)),
    )
  }
  return found
}

/** @throws ClusterError when a package is not to be had */
export async function tools(say: (text: string) => void): Promise<Tools> {
  const make = async (folder: string) => {
    await unpack(packages, 'machine', folder)
    await linkTables(folder)
  }
  const folder = await kept('tools', packages, make, say)
  const libraries = await librariesIn(folder)
  const { PATH = '' } = childEnvironment({})
  const own = join(folder, 'usr/lib/cni')
  return {
    folder,
    plugins: existsSync(own) ? own : '/usr/lib/cni',
    env: {
      PATH: [...programFolders.map((below) => join(folder, below)), PATH].join(':'),
      LD_LIBRARY_PATH: libraries.join(':'),
      XTABLES_LIBDIR: [...libraries, '/usr/lib/x86_64-linux-gnu'].map((at) => join(at, 'xtables')).join(':'),
      HOME: '/root',
    },
  }
}
