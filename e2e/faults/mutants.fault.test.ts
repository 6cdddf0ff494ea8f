import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { cutText } from '#workers/simulation/mutate.ts'
import { faultMutants } from './mutants.ts'

const root = resolve(import.meta.dirname, '../..')

test('every mutant finds its places in the sources, each once', () => {
  const cuts = faultMutants.flatMap(({ name, cuts: all }) => all.map((cut) => ({ name, ...cut })))
  const broken = cuts.flatMap(({ name, file, find, put }) => {
    try {
      cutText(file, readFileSync(resolve(root, file), 'utf8'), find, put)
      return []
    } catch (error) {
      return [`${name}: ${(error as Error).message}`]
    }
  })
  expect(broken).toEqual([])
})
