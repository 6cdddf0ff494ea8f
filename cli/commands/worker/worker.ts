import { Command, InvalidArgumentError } from 'commander'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { cliEnvironment, leastFreeOfWorker } from '#server/config/cli.ts'
import { namePattern } from '#server/domain/notebook/keys/key.ts'
import { milliseconds } from '#server/domain/notebook/compile/units.ts'
import { defaultUrl, productUrl } from '../../client/account.ts'
import { UsageError } from '../../client/failure.ts'
import { warn } from '../../print/output.ts'

interface Options {
  server?: string
  token?: string
  queue?: string[]
  slots: number
  dataDir?: string
  drain: number
  warm: boolean
}

const most = 1024

function slotsOf(text: string): number {
  const slots = Number(text)
  if (!Number.isInteger(slots) || slots < 1 || slots > most)
    throw new InvalidArgumentError(`It is a number from 1 to ${most}.`)
  return slots
}

function queueOf(text: string, before: string[] = []): string[] {
  if (!new RegExp(namePattern).test(text))
    throw new InvalidArgumentError('A queue is named with a to z, 0 to 9, _ and -, a letter first.')
  return [...before, text]
}

function drainOf(text: string): number {
  const ms = milliseconds(text)
  if (ms === null) throw new InvalidArgumentError('Write a duration: 90s, 10m, 1h.')
  return ms
}

/** The one command that is no client of REST: it carries out tasks. What it needs for that is loaded when it is called. */
export const worker = (): Command =>
  new Command('worker')
    .description(
      'Be a worker of the pool: carry out tasks that say `executor: pool` on this machine, until SIGTERM.',
    )
    .option('--server <URL>', `where Dagbok is (default: DAGBOK_URL, or ${defaultUrl})`)
    .option('--token <TOKEN>', 'a token of workers (default: DAGBOK_WORKER_TOKEN, which others cannot see)')
    .option('--queue <NAME>', 'a queue it serves; may be given again (default: `default`)', queueOf)
    .option(
      '--slots <N>',
      'how many tasks it runs at once (default: twice the processors)',
      slotsOf,
      2 * availableParallelism(),
    )
    .option('--drain <TIME>', 'how long tasks may go on after SIGTERM (default: 10m)', drainOf, 600_000)
    .option('--no-warm', 'start every interpreter anew, instead of keeping some in store')
    .option('--data-dir <FOLDER>', 'where it works; each worker of a machine has its own')
    .action(async (options: Options) => {
      const environment = cliEnvironment()
      const token = (options.token ?? environment.workerToken ?? '').trim()
      if (!/^dgw_[A-Za-z0-9_-]{40}$/.test(token))
        throw new UsageError(
          'This takes a token of workers (dgw_…): make one under Settings, or with `dagbok worker-token create`.',
        )
      const { runWorker } = await import('#cli/worker/run-worker.ts')
      await runWorker({
        url: productUrl(options.server ?? environment.url ?? defaultUrl),
        token,
        queues: [...new Set(options.queue ?? ['default'])],
        slots: options.slots,
        folder: resolve(options.dataDir ?? environment.workerFolder),
        drainMs: options.drain,
        warm: options.warm,
        leastFree: leastFreeOfWorker(),
        say: warn,
      })
    })
