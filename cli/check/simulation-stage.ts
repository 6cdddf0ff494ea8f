/** The simulation as a stage: all seeds are one check, each mutant is one more. */
import { reported, type Tally } from './stage.ts'

/** Seeds of `npm test -- --all`. */
const seeds = 20_000

/** @throws Error when it ends without a report */
export const simulationStage = (): Promise<Tally> =>
  reported('workers/simulation/main.ts', (file) => [
    '--seeds',
    String(seeds),
    '--first',
    '--mutants',
    '--report',
    file,
  ])
