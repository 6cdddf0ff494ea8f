/** The stages, in the order in which a mistake is cheapest to find. */
import { browserStage } from './browser-stage.ts'
import { clusterReason, clusterStage } from './cluster-stage.ts'
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
  run: () => Promise<Tally>
  /** What `npm test -- --all` runs in its place. */
  all?: () => Promise<Tally>
}

const tool =
  (script: string, ...args: string[]) =>
  () =>
    wholeTool(script, args)
const vitest = (project: string) => () => runVitest(['--project', project])

/** Those of one list run side by side, for none uses every processor all the time; one list after the other. */
export const stages: Stage[][] = [
  [
    {
      name: 'format',
      from: 'verify',
      // What was well formed is not looked at again until its content changes; the cache is below node_modules.
      run: tool(
        'node_modules/prettier/bin/prettier.cjs',
        '--check',
        '--log-level=warn',
        '--cache',
        '--cache-strategy=content',
        '.',
      ),
    },
    {
      name: 'lint',
      from: 'verify',
      run: tool('node_modules/oxlint/bin/oxlint', '--type-aware', '--quiet'),
    },
    { name: 'types', from: 'verify', run: tool('node_modules/typescript/bin/tsc', '--noEmit') },
  ],
  [{ name: 'unit', from: 'verify', run: vitest('unit') }],
  [{ name: 'integration', from: 'verify', run: vitest('integration') }],
  [{ name: 'browser', from: 'test', run: browserStage }],
  [{ name: 'cluster', from: 'test', run: clusterReason, all: clusterStage }],
  [{ name: 'clone', from: 'all', run: cloneStage }],
  [{ name: 'simulation', from: 'all', run: simulationStage }],
  [{ name: 'faults', from: 'all', run: vitest('faults') }],
  [{ name: 'guards', from: 'all', run: guardStage }],
]
