/** Lives FROM to TO, as they are or with a mutant's cuts: `node life-seeds.ts FROM TO [MUTANT]`. Ends with 1 at the first that breaks. */
import { mutate } from '#workers/simulation/mutate.ts'
import { lifeMutants } from './life-mutants.ts'

const [from = 1, to = 100] = process.argv.slice(2, 4).map(Number)
const name = process.argv[4]
if (name !== undefined) {
  const mutant = lifeMutants.find((one) => one.name === name)
  if (mutant === undefined) throw new Error(`there is no mutant '${name}'`)
  mutate(mutant)
}

const { live } = await import('./pod-lives.ts')
for (let seed = from; seed <= to; seed++) {
  const { broken } = live(seed)
  if (broken.length === 0) continue
  console.log(`seed ${seed} breaks: ${broken[0]}`)
  process.exit(1)
}
console.log(`seeds ${from} to ${to} hold`)
