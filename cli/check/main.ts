/**
 * `npm run verify`, `npm test` and `npm test -- --all`: their stages, also after one has failed, a summary, and the
 * closing line.
 */
import { runStage, type StageResult } from './stage.ts'
import { commands, stages, type Stage } from './stages.ts'
import { summary } from './summary.ts'

async function main([name = '', ...options]: string[]): Promise<number> {
  const wrong = options.find((option) => option !== '--all')
  if (wrong !== undefined) {
    console.error(
      `'${wrong}' is unknown. \`npm test -- --all\` runs a fresh clone, the tests on a cluster, the simulation, the fault tests and the guards, too.`,
    )
    return 1
  }
  const last = commands.findIndex((one) => one === (options.includes('--all') ? 'all' : name))
  const results: StageResult[] = []
  for (const group of stages) {
    const wanted = group.filter(({ from }) => commands.indexOf(from) <= last)
    const whole = commands[last] === 'all'
    const workOf = ({ run, all }: Stage) => (whole ? (all ?? run) : run)
    results.push(...(await Promise.all(wanted.map((stage) => runStage(stage.name, workOf(stage))))))
  }
  for (const line of summary(results)) console.log(line)
  return results.some(({ failed }) => failed > 0) ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
