/**
 * What a worker needs in an image that has neither our Node nor its libraries: both, with the loader that they were made for, so that
 * the image's own C library, whichever it is, is not asked.
 */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { chmod, copyFile, cp, mkdir, open, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

/** Beside the agent in its image; `k8s/images/agent-bundle.ts` makes them. */
const files = ['worker.mjs', 'main.cjs', 'warm']

/** Bytes of a program that are read to find its loader. */
const headBytes = 4096
/** Of the ELF header of 64 bits, and of its table of segments: see elf(5). */
const elf = { tableAt: 32, entryBytes: 54, entries: 56, type: 0, at: 8, size: 32, interpreter: 3 }

/** The loader that a program asks for. @throws Error when it is none of Linux with 64 bits, or asks for none */
export async function loaderOf(program: string): Promise<string> {
  const file = await open(program)
  try {
    const { buffer: head } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    if (head.toString('latin1', 0, 4) !== '\x7fELF' || head[4] !== 2)
      throw new Error(`${program} is no program of Linux with 64 bits`)
    const table = Number(head.readBigUInt64LE(elf.tableAt))
    const step = head.readUInt16LE(elf.entryBytes)
    for (let i = 0; i < head.readUInt16LE(elf.entries); i++) {
      const entry = table + i * step
      if (head.readUInt32LE(entry + elf.type) !== elf.interpreter) continue
      const at = Number(head.readBigUInt64LE(entry + elf.at))
      const size = Number(head.readBigUInt64LE(entry + elf.size))
      const { buffer } = await file.read(Buffer.alloc(size), 0, size, at)
      return buffer.toString('latin1').replace(/\0.*$/s, '')
    }
    throw new Error(`${program} asks for no loader`)
  } finally {
    await file.close()
  }
}

/** Paths of the libraries that a program is loaded with. */
async function librariesOf(loader: string, program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(loader, ['--list', program])
  return [...stdout.matchAll(/ => (\/\S+)/g)].map(([, path = '']) => path)
}

/** `process.execPath` of the worker: a shell is there wherever tasks of the pool run. */
const launcher = (folder: string, loader: string) => `#!/bin/sh
# What the image says to its own Node and loader is for its tasks.
for name in NODE_OPTIONS LD_PRELOAD; do
  eval "value=\\\${$name-}"
  if [ -n "$value" ]; then export "DAGBOK_IMAGE_$name=$value"; unset $name; fi
done
exec ${join(folder, 'lib', loader)} --library-path ${join(folder, 'lib')} ${join(folder, 'lib/node')} "$@"
`

/**
 * Into an empty folder, or one that was left half done: `node`, which starts Node, and `worker.mjs` with what it reads.
 * @param from where those lie
 */
export async function placeWorker(folder: string, from = import.meta.dirname): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true })
  const lib = join(folder, 'lib')
  await mkdir(lib)
  const loader = await loaderOf(process.execPath)
  const copy = (path: string, name = basename(path)) =>
    copyFile(path, join(lib, name), constants.COPYFILE_FICLONE)
  await copy(process.execPath, 'node')
  await copy(loader)
  for (const path of await librariesOf(loader, process.execPath)) await copy(path)
  for (const name of files) await cp(join(from, name), join(folder, name), { recursive: true })
  await writeFile(join(folder, 'node'), launcher(folder, basename(loader)))
  await chmod(join(folder, 'node'), 0o755)
}
