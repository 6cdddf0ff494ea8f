/** What expressions of a live run may know. */
import type { Session } from '#db/scheduling-store.ts'
import type { Viewer, ItemFacts } from '#server/domain/expression/facts.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { Json } from '#server/domain/json.ts'
import { foldedState } from '#server/domain/run/machine.ts'
import type { LiveRun } from './live-run.ts'

const rfc3339 = (time: Date | null) => time?.toISOString() ?? ''

/** The view of one item of a task; values are read of tasks that expressions of the spec may want. */
export async function viewerOf(session: Session, live: LiveRun, node: number, item: number): Promise<Viewer> {
  const { spec, number } = live.identity
  const planned = live.machine.plan.nodes[node]
  const task = spec.tasks[node]
  if (planned === undefined || task === undefined)
    throw new Error(`run ${live.row.id} has no task number ${node}`)
  const values = await session.valuesOfRun(live.row.id, readTasks(spec))
  const byItem = new Map<string, Record<string, Json>>()
  for (const row of values)
    byItem.set(`${row.task} ${row.index}`, {
      ...byItem.get(`${row.task} ${row.index}`),
      [row.name]: row.value,
    })
  return {
    spec,
    task,
    key: live.machine.keys[node]?.[item] ?? null,
    ...(planned.mapped && live.machine.expanded[node] === true
      ? { item: { value: live.values[node]?.[item] ?? null, index: item } }
      : {}),
    facts: {
      params: live.row.params,
      run: {
        id: live.row.id,
        dag: spec.id,
        version: `v${number}`,
        channel: '',
        trigger: live.row.trigger,
        logical_date: rfc3339(live.row.logicalDate),
        interval_start: rfc3339(live.row.intervalStart),
        interval_end: rfc3339(live.row.intervalEnd),
      },
      causes: live.row.causes,
      task: (id) => {
        const number_ = live.machine.plan.numbers.get(id)
        const target = number_ === undefined ? undefined : live.machine.plan.nodes[number_]
        if (number_ === undefined || target === undefined) return { state: '', items: [] }
        const items = (live.machine.keys[number_] ?? []).map((key, i): ItemFacts => ({
          key,
          state: live.machine.items[number_]?.[i]?.state ?? '',
          values: byItem.get(`${id} ${i}`) ?? {},
        }))
        return { state: foldedState(live.machine, number_) ?? 'waiting', items }
      },
    },
  }
}

/** Ids of the tasks that some text of a spec may read values of; a name in the text stands for those of every component. */
const known = new WeakMap<Spec, readonly string[]>()
function readTasks(spec: Spec): readonly string[] {
  const cached = known.get(spec)
  if (cached !== undefined) return cached
  const texts = JSON.stringify([
    spec.groups.map(({ params }) => params),
    spec.tasks.map((task) => [task.if, task.env, task.args, task.action, task.inputs, task.image, task.map]),
  ])
  const names = new Set<string>()
  let any = false
  for (const [, name, quoted] of texts.matchAll(
    /\btasks\s*(?:\.\s*([a-z][a-z0-9_-]*)|\[\s*(?:\\?["']([^"'\\]+))?)/g,
  )) {
    if (name === undefined && quoted === undefined) any = true
    names.add(name ?? quoted ?? '')
  }
  const read = spec.tasks
    .map(({ id }) => id)
    .filter((id) => any || names.has(id) || names.has(id.slice(id.lastIndexOf('.') + 1)))
  known.set(spec, read)
  return read
}
