import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StoredBlob } from './artifact-store.ts'
import { beside, union } from './in-order.ts'

/** Blobs in ascending order, in batches, some of which are empty. */
const sorted = fc
  .uniqueArray(fc.record({ hash: fc.integer({ min: 10, max: 60 }).map(String), size: fc.nat(2) }), {
    selector: ({ hash }) => hash,
  })
  .map((blobs) => blobs.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)))

async function* batched(blobs: readonly StoredBlob[], size: number): AsyncGenerator<StoredBlob[]> {
  yield []
  for (let at = 0; at < blobs.length; at += size) yield blobs.slice(at, at + size)
}

test('a union has what is in one or both, each once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(sorted, sorted, fc.integer({ min: 1, max: 5 }), async (one, other, size) => {
      const found: string[] = []
      for await (const batch of union(batched(one, size), batched(other, 3), 4))
        found.push(...batch.map(({ hash }) => hash))
      expect(found).toEqual([...new Set([...one, ...other].map(({ hash }) => hash))].toSorted())
    }),
  )
})

test('of each blob it is told whether another store has it, with the same size', async () => {
  await fc.assert(
    fc.asyncProperty(sorted, sorted, fc.integer({ min: 1, max: 5 }), async (here, there, size) => {
      const found = []
      for await (const one of beside(batched(here, size), batched(there, 3))) found.push(one)
      expect(found).toEqual(
        here.map((blob) => ({
          blob,
          there: there.some(({ hash, size: bytes }) => hash === blob.hash && bytes === blob.size),
        })),
      )
    }),
  )
})

test('whoever stops early ends both', async () => {
  const ended: string[] = []
  const endless = async function* (name: string) {
    try {
      for (let i = 0; ; i++) yield [{ hash: `${name}${String(i).padStart(9, '0')}`, size: 0 }]
    } finally {
      ended.push(name)
    }
  }
  for await (const _ of union(endless('a'), endless('b'), 1)) break
  expect(ended.toSorted()).toEqual(['a', 'b'])
})
