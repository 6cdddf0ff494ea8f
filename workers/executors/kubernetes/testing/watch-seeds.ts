/** Seeds FROM to TO of R5, of the loop as it is or with a mutant's cuts: `node watch-seeds.ts FROM TO [MUTANT]`. Ends with 1 at the first that breaks. */
import { mutate } from '#workers/simulation/mutate.ts'
import { watchMutants } from './watch-mutants.ts'

const [from = 1, to = 100] = process.argv.slice(2, 4).map(Number)
const name = process.argv[4]
if (name !== undefined) {
  const mutant = watchMutants.find((one) => one.name === name)
  if (mutant === undefined) throw new Error(`there is no mutant '${name}'`)
  mutate(mutant)
}

const { WatchTrials } = await import('./watch-trial.ts')
const trials = new WatchTrials()
await trials.open()
for (let seed = from; seed <= to; seed++) {
  const { broken, plan } = await trials.run(seed)
  if (broken.length === 0) continue
  console.log(`seed ${seed} breaks: ${broken[0]}\n${JSON.stringify(plan)}`)
  process.exit(1)
}
console.log(`seeds ${from} to ${to} hold`)
process.exit(0)
