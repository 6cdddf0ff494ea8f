/** Answers what the core asks: may it go on, what is it expanded over, until when does it wait. */
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { awaitedRunSchema } from '#server/domain/dag/spec.ts'
import { ExpressionError } from '#server/domain/expression/cel.ts'
import { evaluate, renderText, type Viewer } from '#server/domain/expression/facts.ts'
import { conditionsHold, itemKeys, itemsOf } from '#server/domain/expression/render.ts'
import type { Json } from '#server/domain/json.ts'
import { isMoment } from '#server/domain/notebook/compile/waiting.ts'
import { judgeAwaited } from '#server/domain/run/awaited.ts'
import type { ConditionAnswer, ItemRef, RunEvent, WaitAnswer } from '#server/domain/run/decide.ts'
import { tickAfterRun } from '#server/domain/schedule/latest.ts'
import { readLines, type BlobSource } from '#server/storage/read-lines.ts'
import { tooSlow } from './attempt-job.ts'
import type { Effects } from './effects.ts'
import { placeItems, type LiveRun } from './live-run.ts'
import type { Prepare } from './run-advancer.ts'
import { viewerOf } from './run-facts.ts'

/** Items of one `map` at most (N8). */
const mostItems = 10_000
/** Bytes of a file that a `map` reads at most. */
const mostBytes = 64 * 2 ** 20

async function orError<T>(work: () => Promise<T>): Promise<T | { error: string }> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ExpressionError) return { error: error.message }
    throw error
  }
}

export class Questions {
  readonly #store: SchedulingStore
  readonly #blobs: BlobSource
  readonly #within: Effects['within']

  constructor(store: SchedulingStore, blobs: BlobSource, within: Effects['within']) {
    this.#store = store
    this.#blobs = blobs
    this.#within = within
  }

  async condition(live: LiveRun, { node, item }: ItemRef): Promise<RunEvent> {
    const result = await orError(async (): Promise<ConditionAnswer> => {
      const viewer = await viewerOf(this.#store, live, node, item)
      const { latest_only, depends_on_past, id } = viewer.task
      if (latest_only && (await this.#newerDue(live))) return { skip: 'not_latest' }
      if (depends_on_past && !(await this.#store.pastHolds(live.row, id))) return 'not_yet'
      return this.#within(() => conditionsHold(viewer), tooSlow) ? 'true' : { skip: 'condition_false' }
    })
    return { kind: 'condition', node, item, result }
  }

  /** Whether a newer tick of the run's schedule is due; of a run that neither that nor a backfill made, never. */
  async #newerDue({ row, identity }: LiveRun): Promise<boolean> {
    const next = tickAfterRun(identity.spec.schedule, row)
    if (next === null || next.getTime() > row.now) return false
    // Dates of a backfill are those of its version, whether that is scheduled or not.
    return row.trigger === 'backfill' || this.#store.newerTick(row, next)
  }

  async wait(live: LiveRun, { node, item }: ItemRef): Promise<RunEvent> {
    const result = await orError(async (): Promise<WaitAnswer> => {
      const viewer = await viewerOf(this.#store, live, node, item)
      const { action } = viewer.task
      if (action.kind !== 'wait') throw new Error(`${viewer.task.id} does not wait`)
      const readyAt = live.machine.items[node]?.[item]?.readyAt ?? live.row.now
      if (action.for.kind === 'duration') return { at: readyAt + action.for.ms }
      if (action.for.kind === 'until') {
        const { template } = action.for
        return { at: momentOf(this.#within(() => renderText(viewer, viewer.task.scope, template), tooSlow)) }
      }
      if (live.row.logicalDate === null)
        throw new ExpressionError(
          `it waits for the run of ${action.for.dag} with the same logical date, and this run has none`,
        )
      const runs = await this.#store.runsOfDate({
        teamId: live.identity.teamId,
        dag: action.for.dag,
        logicalDate: live.row.logicalDate,
      })
      return judgeAwaited(awaitedRunSchema.parse(action.for), runs)
    })
    return { kind: 'wait_told', node, item, result }
  }

  /** Reads the items outside the transaction; in it their rows are made. */
  async items(live: LiveRun, node: number): Promise<Prepare> {
    const found = await orError(async () => {
      const viewer = await viewerOf(this.#store, live, node, 0)
      const { map } = viewer.task
      if (map === null) throw new Error(`${viewer.task.id} is not expanded`)
      const list = await this.#listOf(live, viewer, map)
      return this.#within(() => itemKeys(viewer, map.key, list), tooSlow).map((key, index) => ({
        key,
        item: list[index] ?? null,
      }))
    })
    return async (tx, current) => {
      const waits = current.machine.items[node]?.[0]?.state === 'waiting'
      if (current.machine.expanded[node] === true || !waits) return null
      const first = current.ids[node]?.[0]
      if (first === undefined || !Array.isArray(found) || found.length === 0)
        return [{ kind: 'expanded', node, item: 0, result: Array.isArray(found) ? [] : found }]
      const ids = await tx.expandTaskRun(first, found)
      placeItems(
        current,
        node,
        ids,
        found.map(({ item }) => item),
      )
      return [{ kind: 'expanded', node, item: 0, result: found.map(({ key }) => key) }]
    }
  }

  async #listOf(
    live: LiveRun,
    viewer: Viewer,
    { over }: NonNullable<Viewer['task']['map']>,
  ): Promise<Json[]> {
    if (over.kind === 'expression')
      return itemsOf(
        this.#within(() => evaluate(viewer, over.scope, over.source), tooSlow),
        mostItems,
      )
    const [file] = await this.#store.outputsOfTask(live.row.id, over.task, over.output)
    if (file === undefined) return []
    if (file.size > mostBytes) throw new ExpressionError(`'${over.output}' is larger than 64 MiB`)
    const lines = await readLines(this.#blobs, file.hash, mostItems + 1)
    return itemsOf(lines, mostItems)
  }
}

function momentOf(value: Json): number {
  if (typeof value !== 'string' || !isMoment(value))
    throw new ExpressionError(
      `\`until\` is ${JSON.stringify(value)}, and must be a time such as 2026-01-31T06:00:00Z`,
    )
  return Date.parse(value)
}
