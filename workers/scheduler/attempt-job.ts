/** A claimed attempt as the executor gets it: rendered, with its inputs found. */
import type { Session } from '#db/scheduling-store.ts'
import { readsExpressions, renderTask, type RenderedInput } from '#server/domain/expression/render.ts'
import type { Viewer } from '#server/domain/expression/facts.ts'
import { ExpressionError } from '#server/domain/expression/cel.ts'
import { traceparentOf } from '#server/domain/run/trace-context.ts'
import { mostMs } from '#server/services/within.ts'
import type { AttemptJob, InputValue } from '../executors/executor.ts'
import type { Effects } from './effects.ts'
import type { LiveRun } from './live-run.ts'

export interface Claimed {
  attemptId: string
  token: string
  node: number
  item: number
  n: number
}

async function inputOf(session: Session, live: LiveRun, input: RenderedInput): Promise<InputValue> {
  if (input.kind === 'file') return { kind: 'repository_file', path: input.path }
  if (input.kind === 'value') return { kind: 'json', value: input.value }
  const found = await session.outputsOfTask(live.row.id, input.task, input.output)
  const within = input.keys === null ? null : new Set(input.keys)
  if (input.expanded && input.key === null)
    return {
      kind: 'folder',
      items: found
        .filter(({ key }) => within === null || (key !== null && within.has(key)))
        .map(({ key, path, hash, size }) => ({ key: key ?? '', path, hash, size })),
    }
  const one = found.find((row) => row.key === input.key)
  if (one === undefined) return { kind: 'missing', task: input.task, output: input.output }
  return { kind: 'file', path: one.path, hash: one.hash, size: one.size }
}

/** What an expression that runs away ends its task with. */
export const tooSlow = (): ExpressionError =>
  new ExpressionError(`its expressions take more than ${mostMs} ms: make them smaller`)

/** ms that the attempt may take: its own timeout, or what is left until the deadline of all attempts. */
function timeLeft(live: LiveRun, node: number, item: number): number | null {
  const { timeout = null, deadline = null } = live.identity.spec.tasks[node] ?? {}
  const readyAt = live.machine.items[node]?.[item]?.readyAt ?? null
  if (deadline === null || readyAt === null) return timeout
  return Math.min(timeout ?? Infinity, Math.max(1, readyAt + deadline - live.row.now))
}

/** @throws ExpressionError */
export async function buildJob(
  session: Session,
  live: LiveRun,
  viewer: Viewer,
  claimed: Claimed,
  within: Effects['within'],
): Promise<AttemptJob> {
  const { task, key } = viewer
  const render = () => renderTask(viewer, claimed.n, traceparentOf(live.row.id, claimed.attemptId))
  const rendered = readsExpressions(viewer) ? within(render, tooSlow) : render()
  const inputs: Record<string, InputValue> = {}
  for (const [name, input] of Object.entries(rendered.inputs))
    inputs[name] = await inputOf(session, live, input)
  const { action, args } = rendered
  return {
    attemptId: claimed.attemptId,
    token: claimed.token,
    runId: live.row.id,
    dag: live.identity.spec.id,
    versionId: live.row.versionId,
    task: task.id,
    key,
    n: claimed.n,
    folder: task.folder,
    action:
      action.kind === 'script'
        ? { kind: 'script', lang: action.lang, text: action.text, shell: action.shell, args }
        : { ...action, args },
    env: rendered.env,
    inputs,
    outputs: task.outputs,
    metrics: task.metrics,
    values: task.values,
    timeout: timeLeft(live, claimed.node, claimed.item),
    startTimeout: task.start_timeout,
    memory: task.resources.memory,
    pod: { image: rendered.image, cpu: task.resources.cpu, task: task.pod ?? null },
  }
}
