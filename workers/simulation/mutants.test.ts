import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { mutants } from './mutants.ts'
import { cutText } from './mutate.ts'

const root = resolve(import.meta.dirname, '../..')

test('every mutant finds its places in the sources, each once', () => {
  const broken = mutants.flatMap(({ name, cuts }) =>
    cuts.flatMap(({ file, find, put }) => {
      try {
        cutText(file, readFileSync(resolve(root, file), 'utf8'), find, put)
        return []
      } catch (error) {
        return [`${name}: ${(error as Error).message}`]
      }
    }),
  )
  expect(broken).toEqual([])
  expect(mutants.length).toBeGreaterThan(15)
})
