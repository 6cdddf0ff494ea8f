/** Images into a registry (OCI distribution specification 1.1). */
import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { ClusterError } from './cluster-error.ts'
import { manifestType, readImage } from './image.ts'

async function asked(url: string | URL, init: RequestInit & { expect: number }): Promise<Response> {
  const response = await fetch(url, init)
  if (response.status !== init.expect)
    throw new ClusterError(
      `the registry answered ${response.status} to ${init.method} ${String(url)}: ${await response.text()}`,
    )
  return response
}

/** Unless it is there. @param base of its repository */
async function putBlob(base: string, digest: string, body: Blob): Promise<void> {
  const there = await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' })
  if (there.ok) return
  const begun = await asked(`${base}/blobs/uploads/`, { method: 'POST', expect: 202 })
  const at = new URL(begun.headers.get('location') ?? '', base)
  at.searchParams.set('digest', digest)
  await asked(at, { method: 'PUT', body, expect: 201 })
}

async function putManifest(registry: string, reference: string, text: string): Promise<string> {
  const [name = '', tag = 'latest'] = reference.split(':')
  const put = await asked(`http://${registry}/v2/${name}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': manifestType },
    body: text,
    expect: 201,
  })
  return put.headers.get('docker-content-digest') ?? ''
}

/**
 * @param registry `HOST:PORT`, without TLS
 * @param reference `NAME:TAG`
 * @returns the digest of its manifest
 */
export async function pushImage(registry: string, reference: string, folder: string): Promise<string> {
  const [name = ''] = reference.split(':')
  const base = `http://${registry}/v2/${name}`
  const { text, blobs } = await readImage(folder)
  for (const { digest, file } of blobs) {
    await putBlob(base, digest, await openAsBlob(file))
  }
  return putManifest(registry, reference, text)
}

/** What of a manifest is changed here; all else of it stays. */
interface Manifest {
  config: { digest: string; size: number }
  layers: { digest: string }[]
}

/**
 * An image of the same files under another name, and by its label another one: a node that has those files under several names tells
 * the digest of the first.
 * @param from `NAME:TAG` that is there
 * @param to `NAME:TAG`
 * @returns the digest of its manifest
 */
export async function pushLike(registry: string, from: string, to: string, label: string): Promise<string> {
  const [source = '', sourceTag = 'latest'] = from.split(':')
  const [name = ''] = to.split(':')
  const [there, here] = [`http://${registry}/v2/${source}`, `http://${registry}/v2/${name}`]
  const get = (path: string) =>
    asked(`${there}/${path}`, { headers: { accept: manifestType }, method: 'GET', expect: 200 })
  const manifest = (await (await get(`manifests/${sourceTag}`)).json()) as Manifest
  for (const { digest } of manifest.layers)
    await putBlob(here, digest, await (await get(`blobs/${digest}`)).blob())
  const config = (await (await get(`blobs/${manifest.config.digest}`)).json()) as { config?: object }
  const text = JSON.stringify({ ...config, config: { ...config.config, Labels: { label } } })
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  await putBlob(here, digest, new Blob([text]))
  const size = Buffer.byteLength(text)
  return putManifest(
    registry,
    to,
    JSON.stringify({ ...manifest, config: { ...manifest.config, digest, size } }),
  )
}
