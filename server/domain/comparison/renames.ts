/** Which tasks of several versions of a DAG are one task, as `renamed_from` says, and the name that it is shown under. */

/** A version's tasks, in the order of its spec. */
export interface NamedTasks {
  number: number
  tasks: readonly { id: string; renamedFrom: string | null }[]
}

type Lineages = ReadonlyMap<string, number>

/** How sure it is that a task goes on with a lineage: surest first. `before` is the version before, `known` all versions before. */
const claims: readonly ((
  task: NamedTasks['tasks'][number],
  before: Lineages,
  known: Lineages,
) => number | undefined)[] = [
  ({ id }, before) => before.get(id),
  ({ renamedFrom }, before) => (renamedFrom === null ? undefined : before.get(renamedFrom)),
  ({ id }, _, known) => known.get(id),
  ({ renamedFrom }, _, known) => (renamedFrom === null ? undefined : known.get(renamedFrom)),
]

/**
 * By version, the lineage of each task: who has the id of a task of the version before goes on with it, then who was renamed from
 * one, then who takes up an id from before that. A lineage has one task in a version at most.
 */
function lineagesOf(versions: readonly NamedTasks[]): Map<number, Lineages> {
  const known = new Map<string, number>()
  let before: Lineages = new Map()
  let made = 0
  const all = new Map<number, Lineages>()
  for (const { number, tasks } of versions) {
    const now = new Map<string, number>()
    const taken = new Set<number>()
    for (const claim of claims)
      for (const task of tasks) {
        const lineage = now.has(task.id) ? undefined : claim(task, before, known)
        if (lineage === undefined || taken.has(lineage)) continue
        now.set(task.id, lineage)
        taken.add(lineage)
      }
    for (const { id } of tasks) if (!now.has(id)) now.set(id, made++)
    for (const [id, lineage] of now) known.set(id, lineage)
    before = now
    all.set(number, now)
  }
  return all
}

/** The names of one version's tasks, by their ids: no two have the same. `rows` has those of newer versions, and is given more. */
function namesIn(own: Lineages, rows: Map<number, string>): Map<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const [id, lineage] of own) {
    const row = rows.get(lineage)
    // Where the version has a task of that name, that one is meant by it.
    const isFree = row !== undefined && !taken.has(row) && (row === id || !own.has(row))
    if (!isFree) continue
    names.set(id, row)
    taken.add(row)
  }
  for (const [id, lineage] of own) {
    if (names.has(id)) continue
    names.set(id, id)
    if (!rows.has(lineage)) rows.set(lineage, id)
  }
  return names
}

/**
 * The name that each task of the compared versions is shown under: the id that it has in the newest of them.
 * @param versions those compared and those between, oldest first
 * @returns by version, by id
 */
export function shownNames(
  versions: readonly NamedTasks[],
  compared: ReadonlySet<number>,
): Map<number, ReadonlyMap<string, string>> {
  const rows = new Map<number, string>()
  const newestFirst = [...lineagesOf(versions)].filter(([number]) => compared.has(number)).toReversed()
  return new Map(newestFirst.map(([number, own]) => [number, namesIn(own, rows)]))
}

/** `was fit`; '' of a task that nobody renamed. */
export const formerWords = (was: readonly string[]): string =>
  was.length === 0 ? '' : `was ${was.join(', ')}`
