/** DAGs that would start each other for ever are refused at the push that closes the circle. */
import type { RepositoryRow } from '#db/queries/repository.ts'
import { teamSubscriptions } from '#db/queries/trigger.ts'
import type { Queryable } from '#db/client.ts'
import type { Spec } from '../../domain/dag/spec.ts'
import { findCircle } from '../../domain/schedule/circle.ts'
import { triggersOf } from '../schedule/take-over.ts'

const sourcesOf = (spec: Spec): string[] => {
  const { success_of: successes, outputs } = triggersOf(spec)
  return [...new Set([...successes, ...(outputs?.of ?? [])].map(({ repo, dag }) => `${repo}/${dag}`))]
}

/** @param dags of the commit at the default branch; what the team's other repositories wait for is read */
export async function circleErrors(
  q: Queryable,
  repository: Pick<RepositoryRow, 'teamId' | 'name'>,
  dags: readonly { path: string; spec: Spec | null }[],
): Promise<string[]> {
  const here = dags.flatMap(({ path, spec }) =>
    spec === null ? [] : [{ path, name: `${repository.name}/${spec.id}`, sources: sourcesOf(spec) }],
  )
  const waiting = here.filter(({ sources }) => sources.length > 0)
  if (waiting.length === 0) return []
  const edges = new Map<string, string[]>()
  for (const { follower, source } of await teamSubscriptions(q, repository.teamId))
    if (!follower.startsWith(`${repository.name}/`))
      edges.set(follower, [...(edges.get(follower) ?? []), source])
  for (const { name, sources } of waiting) edges.set(name, sources)
  const circle = findCircle(
    edges,
    waiting.map(({ name }) => name),
  )
  if (circle === null) return []
  const at = waiting.find(({ name }) => circle.includes(name))?.path ?? ''
  return [
    `${at}:1:1 DAGs would start each other for ever: ${circle.join(' waits for ')}. Take one of them out of \`on\`.`,
  ]
}
