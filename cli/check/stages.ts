/** The stages, in the order in which a mistake is cheapest to find. */
import { browserStage } from './browser-stage.ts'
import { cloneStage } from './clone-stage.ts'
import { guardStage } from './guard-stage.ts'
import { simulationStage } from './simulation-stage.ts'
import { wholeTool, type Tally } from './stage.ts'
import { runVitest } from './vitest-stage.ts'

/** `npm run verify`, `npm test`, `npm test -- --all` (what CI does): each runs the stages of the ones before, too. */
export const commands = ['verify', 'test', 'all'] as const

export interface Stage {
  name: string
  /** The first command that runs it. */
  from: (typeof commands)[number]
  /** It runs beside the stage before it, for neither uses every processor all the time. */
  beside?: true
  run: () => Promise<Tally>
}

/** Those that run at the same time, in the order in which they begin. */
export function atOnce<T extends Pick<Stage, 'beside'>>(all: readonly T[]): T[][] {
  const groups: T[][] = []
  for (const stage of all) {
    const before = groups.at(-1)
    if (stage.beside === true && before !== undefined) before.push(stage)
    else groups.push([stage])
  }
  return groups
}

const tool =
  (script: string, ...args: string[]) =>
  () =>
    wholeTool(script, args)
// What it found well by its content it need not look at again: the cache is below node_modules.
const prettier = 'node_modules/prettier/bin/prettier.cjs'
const vitest = (project: string) => () => runVitest(['--project', project])

export const stages: Stage[] = [
  {
    name: 'format',
    from: 'verify',
    run: tool(prettier, '--check', '--log-level=warn', '--cache', '--cache-strategy=content', '.'),
  },
  {
    name: 'lint',
    from: 'verify',
    beside: true,
    run: tool('node_modules/oxlint/bin/oxlint', '--type-aware', '--quiet'),
  },
  { name: 'types', from: 'verify', beside: true, run: tool('node_modules/typescript/bin/tsc', '--noEmit') },
  { name: 'unit', from: 'verify', run: vitest('unit') },
  { name: 'integration', from: 'verify', run: vitest('integration') },
  { name: 'browser', from: 'test', run: browserStage },
  { name: 'clone', from: 'all', run: cloneStage },
  { name: 'simulation', from: 'all', run: simulationStage },
  { name: 'faults', from: 'all', run: vitest('faults') },
  { name: 'guards', from: 'all', run: guardStage },
]
