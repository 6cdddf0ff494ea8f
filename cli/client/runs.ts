/** Runs as a command line names them. */
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { RunSummary } from '#server/views/dag.ts'
import type { RunDetail } from '#server/views/run.ts'
import { comparedOf, dagPath, dagWords, runOf, type RunAddress } from './addresses.ts'
import type { RestClient } from './rest-client.ts'

const readAt = (client: RestClient, address: RunAddress): Promise<RunDetail> =>
  client.get('id' in address ? `/runs/${address.id}` : `${dagPath(address.dag)}/runs/${address.number}`)

/** @throws UsageError, DagbokError */
export const readRun = (client: RestClient, text: string): Promise<RunDetail> => readAt(client, runOf(text))

/** The run that is compared: itself, or the newest finished one of a version. @throws UsageError, DagbokError */
export async function readCompared(client: RestClient, text: string): Promise<RunSummary> {
  const address = comparedOf(text)
  if (!('version' in address)) return readAt(client, address)
  const { dag, version } = address
  const newest = await Promise.all(
    ['succeeded', 'failed'].map((state) =>
      client.get<RunSummary[]>(`${dagPath(dag)}/runs`, { version, state, limit: 1 }),
    ),
  )
  const [run] = newest.flat().toSorted((a, b) => b.number - a.number)
  if (run === undefined)
    throw new DagbokError(
      'not_found',
      `${dagWords(dag)}@${version} has no finished run: \`dagbok run start ${dagWords(dag)}@${version} --watch\` makes one.`,
    )
  return run
}
