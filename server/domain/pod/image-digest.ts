/**
 * Digests of images (N10): what a kubelet has pulled for a tag stands for it from then on. Nobody asks a registry: who may, and
 * how, only the nodes of a cluster know.
 */
import { containerNames } from './build-pod.ts'
import type { Container, Pod } from './manifest.ts'
import { shapeOf, textOf } from './observed.ts'

export interface PulledImage {
  /** As it was asked for, by a tag or by its name alone. */
  image: string
  /** Of its manifest, or of its list of manifests: `sha256:…`. */
  digest: string
}

const ours: ReadonlySet<string> = new Set([containerNames.gate, containerNames.outputs])

/** Of a reference its repository, as a registry has it: `busybox` is `docker.io/library/busybox`. */
export function repositoryOf(reference: string): string {
  const [named = ''] = reference.split('@')
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const name = colon < 0 ? named : named.slice(0, colon)
  const [host = '', ...rest] = name.split('/')
  const isHosted = rest.length > 0 && (/[.:]/.test(host) || host === 'localhost')
  const [registry, path] = isHosted ? [host, rest.join('/')] : ['docker.io', name]
  const at = registry === 'index.docker.io' ? 'docker.io' : registry
  return at === 'docker.io' && !path.includes('/') ? `${at}/library/${path}` : `${at}/${path}`
}

/**
 * The digest that an `imageID` tells of the image that was asked for; null: none. An image that was brought to its node by hand
 * has only that of its configuration, or that of another name, by which no registry gives it.
 */
export function digestOf(image: string, imageId: string | null): string | null {
  const [, pulled = '', digest = ''] =
    /^(?:docker-pullable:\/\/)?([^@]+)@(sha256:[0-9a-f]{64})$/.exec(imageId ?? '') ?? []
  return digest !== '' && repositoryOf(pulled) === repositoryOf(image) ? digest : null
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** What was pulled for those containers of a pod that are the task's, where it was asked for without a digest; each once. */
export function pulledImages(pod: unknown): PulledImage[] {
  const [spec, status] = [shapeOf(shapeOf(pod)['spec']), shapeOf(shapeOf(pod)['status'])]
  const ids = new Map(
    [status['initContainerStatuses'], status['containerStatuses']]
      .flatMap(listOf)
      .map((one) => [textOf(shapeOf(one)['name']), textOf(shapeOf(one)['imageID'])]),
  )
  const found = new Map<string, string>()
  for (const container of [spec['initContainers'], spec['containers']].flatMap(listOf)) {
    const [name, image] = [textOf(shapeOf(container)['name']), textOf(shapeOf(container)['image'])]
    if (name === null || image === null || ours.has(name) || image.includes('@')) continue
    const digest = digestOf(image, ids.get(name) ?? null)
    if (digest !== null && !found.has(image)) found.set(image, digest)
  }
  return [...found].map(([image, digest]) => ({ image, digest }))
}

/** `NAME:TAG@DIGEST`: pulled by its digest; its tag stays for people. */
export const pinned = (image: string, digest: string): string => `${image}@${digest}`

/** A pod with the digests that are known in the place of tags; those of our own containers stay. */
export function withDigests(pod: Pod, digests: ReadonlyMap<string, string>): Pod {
  if (digests.size === 0) return pod
  const known = (container: Container): Container => {
    const { name, image = '' } = container
    const digest = digests.get(image)
    return digest === undefined || ours.has(name) ? container : { ...container, image: pinned(image, digest) }
  }
  const { initContainers, containers } = pod.spec
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(known) }),
      containers: containers.map(known),
    },
  }
}
