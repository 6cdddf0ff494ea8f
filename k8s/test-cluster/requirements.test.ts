import { expect, test } from 'vitest'
import { missingOf, type Machine } from './requirements.ts'

const good: Machine = {
  platform: 'linux',
  uid: 0,
  absent: [],
  go: 'go version go1.26.8 linux/amd64',
  separable: true,
  overlay: true,
  memory: 8000,
  disk: 20_000,
}

test('a machine that has everything can have a cluster', () => {
  expect(missingOf(good)).toEqual([])
})

test.for<[Partial<Machine>, string]>([
  [{ platform: 'darwin' }, 'a cluster needs Linux, and this is darwin'],
  [{ uid: 1000, separable: false }, 'a cluster needs root'],
  [{ separable: false }, 'root may not make namespaces here (CAP_SYS_ADMIN, CAP_NET_ADMIN)'],
  [{ absent: ['apt-get', 'nsenter'] }, 'there is no apt-get, no nsenter'],
  [{ go: null }, 'there is no Go to build Kubernetes with'],
  [
    { go: 'go version go1.22.1 linux/amd64' },
    'go version go1.22.1 linux/amd64 is too old: Kubernetes is built with Go 1.25 or newer',
  ],
  [{ overlay: false }, 'the kernel has no overlayfs'],
  [{ memory: 900 }, '900 MB of memory, of 3000 that it takes'],
  [{ disk: 100 }, '100 MB of free disk, of 8000 that a build takes'],
])('what is missing is said: %o', ([machine, reason]) => {
  expect(missingOf({ ...good, ...machine })).toEqual([reason])
})
