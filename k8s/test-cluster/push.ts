/** Images into a registry (OCI distribution specification 1.1). */
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

/**
 * @param registry `HOST:PORT`, without TLS
 * @param reference `NAME:TAG`
 * @returns the digest of its manifest
 */
export async function pushImage(registry: string, reference: string, folder: string): Promise<string> {
  const [name = '', tag = 'latest'] = reference.split(':')
  const base = `http://${registry}/v2/${name}`
  const { text, blobs } = await readImage(folder)
  for (const { digest, file } of blobs) {
    const there = await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' })
    if (there.ok) continue
    const begun = await asked(`${base}/blobs/uploads/`, { method: 'POST', expect: 202 })
    const at = new URL(begun.headers.get('location') ?? '', base)
    at.searchParams.set('digest', digest)
    await asked(at, { method: 'PUT', body: await openAsBlob(file), expect: 201 })
  }
  const put = await asked(`${base}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': manifestType },
    body: text,
    expect: 201,
  })
  return put.headers.get('docker-content-digest') ?? ''
}
