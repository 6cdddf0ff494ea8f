/**
 * `node worker.mjs …` in a pod: `dagbok worker` in the image of its tasks, whose programs and variables they have. Made into one file
 * (`k8s/images/agent-bundle.ts`) and started by what `workers/task-runner/worker-files.ts` writes beside it.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cliEnvironment, leastFreeOfWorker } from '#server/config/cli.ts'
import { milliseconds } from '#server/domain/notebook/compile/units.ts'
import { runWorker } from './run-worker.ts'

// Linux says that the loader is the program.
process.execPath = join(import.meta.dirname, 'node')

const text = { type: 'string' } as const
const options = { server: text, queue: text, slots: text, drain: text, 'data-dir': text } as const
type Name = keyof typeof options

try {
  const { values } = parseArgs({ options })
  const given = (name: Name): string => {
    const value = values[name]
    if (value === undefined) throw new Error(`--${name} is missing: it is started by a Deployment of Dagbok.`)
    return value
  }
  await runWorker({
    url: given('server'),
    token: cliEnvironment().workerToken ?? '',
    queues: [given('queue')],
    slots: Number(given('slots')),
    folder: given('data-dir'),
    warm: true,
    drainMs: milliseconds(given('drain')) ?? 0,
    leastFree: leastFreeOfWorker(),
    say: (line) => console.error(line),
    inImage: true,
    machine: cliEnvironment().workerMachine,
  })
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
