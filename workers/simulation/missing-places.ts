/** For tests: which mutants have rotted. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { cutText, type Cut } from './mutate.ts'

const root = resolve(import.meta.dirname, '../..')

/** A sentence for each cut that does not find its place in the sources, or finds more than one. */
export const missingPlaces = (mutants: readonly { name: string; cuts: readonly Cut[] }[]): string[] =>
  mutants.flatMap(({ name, cuts }) =>
    cuts.flatMap(({ file, find, put }) => {
      try {
        cutText(file, readFileSync(resolve(root, file), 'utf8'), find, put)
        return []
      } catch (error) {
        return [`${name}: ${(error as Error).message}`]
      }
    }),
  )
