/** Runs as a command line names them. */
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { RunSummary } from '#server/views/dag.ts'
import type { RunDetail } from '#server/views/run.ts'
import { dagPath, dagWords, type ComparedAddress, type RunAddress } from './addresses.ts'
import type { RestClient } from './rest-client.ts'

export const readRun = (client: RestClient, address: RunAddress): Promise<RunDetail> =>
  client.get('id' in address ? `/runs/${address.id}` : `${dagPath(address.dag)}/runs/${address.number}`)

/** The run that is compared: itself, or the newest finished one of a version. @throws DagbokError `not_found` */
export async function readCompared(client: RestClient, address: ComparedAddress): Promise<RunSummary> {
  if (!('version' in address)) return readRun(client, address)
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
