/** An image out of a folder: one layer and what is run in it (OCI image specification 1.1). */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'

interface Descriptor {
  mediaType: string
  digest: string
  size: number
}

export interface ImageConfig {
  Entrypoint?: string[]
  Cmd?: string[]
  User?: string
  WorkingDir?: string
  Env?: string[]
}

const vendor = 'application/vnd.oci.image'
export const manifestType = `${vendor}.manifest.v1+json`
const made = '2026-01-01T00:00:00Z'
const architectures: Partial<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(file)) hash.update(part as Buffer)
  return `sha256:${hash.digest('hex')}`
}

/** Keeps a file of `folder` by its digest. */
async function described(folder: string, file: string, mediaType: string): Promise<Descriptor> {
  const digest = await digestOf(file)
  const { size } = await stat(file)
  await rename(file, join(folder, digest.replace(':', '-')))
  return { mediaType, digest, size }
}

/** Writes the blobs of an image into `folder`, each by its digest, and `manifest.json`. The same files give the same image. */
export async function makeImage(folder: string, root: string, config: ImageConfig): Promise<void> {
  await mkdir(folder, { recursive: true })
  const layerFile = join(folder, 'layer')
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  await run(['tar', ...same, '-C', root, '-cf', layerFile, '.'])
  const layer = await described(folder, layerFile, `${vendor}.layer.v1.tar`)
  const Env = ['PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin']
  const whole = {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    created: made,
    config: { Env, ...config },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
    history: [{ created: made, created_by: 'dagbok test cluster' }],
  }
  const configFile = join(folder, 'config')
  await writeFile(configFile, JSON.stringify(whole))
  const configDescriptor = await described(folder, configFile, `${vendor}.config.v1+json`)
  const manifest = { schemaVersion: 2, mediaType: manifestType, config: configDescriptor, layers: [layer] }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
}

export interface Manifest {
  text: string
  blobs: { digest: string; file: string }[]
}

export async function readImage(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, 'manifest.json'), 'utf8')
  const { config, layers } = JSON.parse(text) as { config: Descriptor; layers: Descriptor[] }
  const blobs = [config, ...layers].map(({ digest }) => ({
    digest,
    file: join(folder, digest.replace(':', '-')),
  }))
  return { text, blobs }
}
