import { Command, InvalidArgumentError, Option } from 'commander'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { isTerminalRun } from '#server/domain/run/states.ts'
import type { Comparison } from '#server/views/comparison.ts'
import type { RunSummary } from '#server/views/dag.ts'
import { comparedOf, dagWords } from '../../client/addresses.ts'
import { exitCodes, UsageError } from '../../client/failure.ts'
import { signedInClient, type RestClient } from '../../client/rest-client.ts'
import { readCompared } from '../../client/runs.ts'
import { comparisonMarkdown, comparisonText, comparisonUrl } from '../../print/comparison.ts'
import { say, sayJson, warn } from '../../print/output.ts'

interface Options {
  base?: string
  failOnRegress?: true
  markdown?: true
  share?: true
  expires: number
  json?: true
}

interface Share {
  id: string
  url: string
  expiresAt: string
}

function daysOf(text: string): number {
  const [, n, unit] = /^(\d{1,3})([dw])$/.exec(text) ?? []
  const days = Number(n) * (unit === 'w' ? 7 : 1)
  if (!(days >= 1 && days <= 365)) throw new InvalidArgumentError('Give days or weeks: 7d, 4w; 365d at most.')
  return days
}

/** A verdict on what has not ended would be none. */
function checkEnded(runs: readonly RunSummary[], strict: boolean): void {
  for (const run of runs.filter(({ state }) => !isTerminalRun(state))) {
    const words = `Run ${run.number} of ${dagWords(run.dag)} is still ${run.state}: \`dagbok run watch ${run.id}\` waits for its end.`
    if (strict) throw new DagbokError('conflict', words)
    warn(words)
  }
}

async function share(client: RestClient, { runs, base }: Comparison, days: number): Promise<Share> {
  const kept = await client.post<{ id: string }>('/comparisons', { runs: runs.map((run) => run.id), base })
  return client.post<Share>(`/comparisons/${kept.id}/share-links`, { days })
}

async function compare(texts: string[], options: Options): Promise<void> {
  if (texts.length < 2) throw new UsageError('Name two runs or more: compare A B.')
  const addresses = texts.map(comparedOf)
  const baseAddress = options.base === undefined ? null : comparedOf(options.base)
  const client = await signedInClient()
  const runs = await Promise.all(addresses.map((address) => readCompared(client, address)))
  const base = baseAddress === null ? undefined : (await readCompared(client, baseAddress)).id
  checkEnded(runs, options.failOnRegress === true)
  const data = await client.get<Comparison>('/compare', { runs: runs.map(({ id }) => id), base })
  const shared = options.share ? await share(client, data, options.expires) : null
  const link = shared?.url ?? comparisonUrl(client.url, data)
  if (options.json) sayJson(shared === null ? data : { ...data, share: shared })
  else say(options.markdown ? comparisonMarkdown(data, link) : comparisonText(data, link))
  if (options.failOnRegress && data.verdict.word === 'regressed') process.exitCode = exitCodes.failed
}

export const comparisonCompare = (): Command =>
  new Command('compare')
    .description('Runs side by side, the verdict first. DAG@VERSION is the newest finished run of a version.')
    .argument('<RUN...>', 'two runs or more: ids, DAG#NUMBER or DAG@VERSION')
    .option('--base <RUN>', 'the one to compare with (default: the oldest)')
    .option('--fail-on-regress', 'exit with 1 when the verdict is regressed')
    .addOption(new Option('--markdown', 'for a pull request').conflicts('json'))
    .option('--share', 'make a link that shows it to whoever has it, and nothing else')
    .option('--expires <DAYS>', 'how long that link is good for: 7d, 4w', daysOf, 30)
    .action(compare)
