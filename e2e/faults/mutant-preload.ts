/** Preloaded into a process of the product that a fault test must catch: one guard is taken out of its sources. */
import { mutate } from '#workers/simulation/mutate.ts'
import { faultMutants } from './mutants.ts'

const name = decodeURIComponent(new URL(import.meta.url).search.slice(1))
const mutant = faultMutants.find((one) => one.name === name)
if (mutant === undefined) throw new Error(`there is no mutant '${name}'`)
mutate(mutant)
