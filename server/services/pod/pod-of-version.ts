import type { DagRow } from '#db/queries/dag-view.ts'
import { digestsOfVersion } from '#db/queries/version-image.ts'
import { specOf, type VersionKey } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { ExpressionError } from '../../domain/expression/cel.ts'
import type { Task } from '../../domain/dag/spec.ts'
import type { Json } from '../../domain/json.ts'
import type { PodView } from '../../views/pod.ts'
import type { ServiceContext } from '../context.ts'
import { clusterOf } from './which-cluster.ts'
import { givenAtStart, plannedPod } from './planned-pod.ts'
import { noPod, plannedView } from './pod-view.ts'

function keyOf({ id, matrix }: Task, key: string | null): string | null {
  if (matrix === null) {
    if (key === null) return null
    throw new DagbokError('bad_input', `${id} has no items that are known before a run: leave the key out.`)
  }
  const found = key === null ? matrix[0] : matrix.find((one) => one.key === key)
  if (found !== undefined) return found.key
  const keys = matrix.slice(0, 10).map((one) => one.key)
  throw new DagbokError(
    'not_found',
    `${id} has no item '${key ?? ''}': its items are ${keys.join('; ')}${matrix.length > keys.length ? '; …' : ''}.`,
  )
}

/**
 * The pod of a task's first attempt in a run that nobody has started, with the defaults of its params; of a task with a matrix
 * the first item's, where `key` names none.
 * @throws DagbokError `not_found`, `bad_input`
 */
export async function podOfVersion(
  ctx: ServiceContext,
  dag: DagRow,
  version: VersionKey,
  { task: id, key: wanted }: { task: string; key: string | null },
): Promise<PodView> {
  const spec = await specOf(ctx.db, version.id)
  const task = spec?.tasks.find((one) => one.id === id)
  if (spec === null || task === undefined)
    throw new DagbokError('not_found', `v${version.number} of ${dag.name} has no task ${id}.`)
  const key = keyOf(task, wanted)
  const place = { task: id, key, n: null }
  const cluster = clusterOf(task, ctx)
  if (typeof cluster === 'string') return noPod(place, cluster)
  const params = Object.fromEntries(
    Object.entries(spec.params).flatMap(([name, { schema }]): [string, Json][] =>
      schema['default'] === undefined ? [] : [[name, schema['default']]],
    ),
  )
  const none = () => {
    throw new ExpressionError('no run is there yet')
  }
  const run = {
    id: givenAtStart,
    dag: spec.id,
    version: `v${version.number}`,
    channel: '',
    trigger: givenAtStart,
    logical_date: givenAtStart,
    interval_start: givenAtStart,
    interval_end: givenAtStart,
  }
  const planned = plannedPod({
    viewer: { spec, task, key, facts: { params, run, causes: [], task: none } },
    cluster,
    team: dag.team,
    versionId: version.id,
    runId: null,
    digests: await digestsOfVersion(ctx.db, version.id),
    attemptId: null,
    n: 1,
  })
  return plannedView(
    place,
    planned,
    `The pod that ${id} of v${version.number} would be, with the defaults of its params.`,
  )
}
