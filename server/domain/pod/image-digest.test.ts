import { describe, expect, test } from 'vitest'
import { digestOf, pinned, pulledImages, repositoryOf } from './image-digest.ts'
import { facts, patched, soundPod } from './testing.ts'

const [one, other] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`]

describe('[N10] the digest of an image', () => {
  test('is what its kubelet tells of the repository that was asked', () => {
    expect(digestOf('busybox', `docker.io/library/busybox@${one}`)).toBe(one)
    expect(digestOf('docker.io/busybox:1', `docker-pullable://busybox@${one}`)).toBe(one)
    expect(digestOf('index.docker.io/a/b:1', `docker.io/a/b@${one}`)).toBe(one)
    expect(digestOf('r.example:5000/a/b:1', `r.example:5000/a/b@${one}`)).toBe(one)
    expect(digestOf('localhost/a:1', `localhost/a@${one}`)).toBe(one)
  })

  test('is not known of what was brought to its node by hand, or is there by another name', () => {
    for (const id of [
      null,
      '',
      one,
      `docker.io/library/import-2026@${one}`,
      `r.example/other@${one}`,
      'r.example/a:1',
    ])
      expect(digestOf('r.example/a:1', id)).toBeNull()
    expect(repositoryOf('a.b/c:1')).not.toBe(repositoryOf('a.b/d:1'))
  })

  test('is read of the containers of the task alone, and not of one that was asked for by its digest', () => {
    const status = (name: string, imageID: string) => ({ name, imageID })
    const container = (name: string, image: string) => ({ name, image })
    const pod = {
      spec: {
        initContainers: [container('gate', 'r.example/agent:1'), container('own', 'r.example/own:1')],
        containers: [
          container('main', 'r.example/fit:2'),
          container('fixed', pinned('r.example/fixed:1', one)),
        ],
      },
      status: {
        initContainerStatuses: [
          status('gate', `r.example/agent@${one}`),
          status('own', `r.example/own@${other}`),
        ],
        containerStatuses: [
          status('fixed', `r.example/fixed@${one}`),
          status('main', `r.example/fit@${one}`),
        ],
      },
    }
    expect(pulledImages(pod)).toEqual([
      { image: 'r.example/own:1', digest: other },
      { image: 'r.example/fit:2', digest: one },
    ])
    expect(
      [null, {}, { spec: 1, status: [] }, { spec: { containers: [null] } }].flatMap(pulledImages),
    ).toEqual([])
  })

  test('stands in the place of a tag, also in what a patch adds, and never in what is ours', () => {
    const digests = new Map([
      ['registry.example/fit:v2', one],
      ['busybox', other],
      ['registry.example/dagbok-agent:1.0.0', other],
    ])
    const patch = { spec: { initContainers: [{ name: 'own', image: 'busybox' }] } }
    const { pod, faults } = patched(patch, { digests })
    expect(faults).toEqual([])
    const images = [...(pod?.spec.initContainers ?? []), ...(pod?.spec.containers ?? [])].map(
      ({ name, image }) => [name, image],
    )
    expect(images).toEqual([
      ['gate', 'registry.example/dagbok-agent:1.0.0'],
      ['outputs', 'registry.example/dagbok-agent:1.0.0'],
      ['own', `busybox@${other}`],
      ['main', `registry.example/fit:v2@${one}`],
    ])
    expect(soundPod(facts({}, { digests: new Map() }))).toEqual(soundPod(facts()))
  })
})
