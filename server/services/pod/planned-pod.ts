/** The pod that a task would be, before it is one: of the same facts, by the same rules, as that of an attempt. */
import { createHash } from 'node:crypto'
import type { ClusterSettings } from '../../config/clusters.ts'
import type { Task } from '../../domain/dag/spec.ts'
import type { Json } from '../../domain/json.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { renderTask, type RenderedInput } from '../../domain/expression/render.ts'
import { openMark, renderKnown, type OpenExpression } from '../../domain/expression/render-known.ts'
import type { Viewer } from '../../domain/expression/facts.ts'
import { specHashAnnotation } from '../../domain/pod/names.ts'
import type { PodInput } from '../../domain/pod/paths.ts'
import { hiddenToken } from '../../domain/pod/pod-yaml.ts'
import { podOfAttempt } from '../../domain/pod/pod-of-attempt.ts'
import { withoutSecrets } from '../../domain/pod/shown-pod.ts'
import { traceparentOf } from '../../domain/run/trace-context.ts'
import { mostMs, within } from '../within.ts'
import { podAttemptOf } from './pod-attempt.ts'

/** Stands for what only a start gives. */
export const givenAtStart = '(given when it starts)'

/** An image that is one, where the task's own is known only later. */
const someImage = 'dagbok.invalid/known-later'

export interface Planned {
  /** null: it is refused, for these `faults`. */
  pod: { [key: string]: Json } | null
  faults: string[]
  /** What stands as what it is. */
  open: OpenExpression[]
}

export interface PlannedPlace {
  viewer: Viewer
  cluster: ClusterSettings
  team: string
  versionId: string
  /** null: it is not made yet. */
  runId: string | null
  attemptId: string | null
  /** What the version's images were pulled as. */
  digests: ReadonlyMap<string, string>
  n: number
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function inputOf(input: RenderedInput, { spec }: Viewer): PodInput {
  if (input.kind === 'file') return { kind: 'repository_file', path: input.path }
  if (input.kind === 'value') return { kind: 'json' }
  if (input.expanded && input.key === null) return { kind: 'folder' }
  const path = spec.tasks.find((task) => task.id === input.task)?.outputs[input.output]?.path
  return { kind: 'file', path: path ?? input.output }
}

/** Wherever a pod has its own name: its secret has the same. */
function withoutName(pod: { [key: string]: Json }): { [key: string]: Json } {
  const { name } = pod['metadata'] as { name: string }
  const text = JSON.stringify(pod).replaceAll(JSON.stringify(name), JSON.stringify(givenAtStart))
  return JSON.parse(text) as { [key: string]: Json }
}

/** What is not known yet stands in the place of what was made up for it. */
function withGiven(
  made: { [key: string]: Json },
  { runId, attemptId }: PlannedPlace,
): { [key: string]: Json } {
  const pod = runId === null ? withoutName(made) : made
  const metadata = pod['metadata'] as { [key: string]: Json }
  const annotations = metadata['annotations'] as { [key: string]: Json }
  return {
    ...pod,
    metadata: {
      ...metadata,
      annotations:
        runId === null || attemptId === null
          ? { ...annotations, [specHashAnnotation]: givenAtStart }
          : annotations,
    },
  }
}

const tooSlow = () =>
  new DagbokError('bad_input', `Its expressions take more than ${mostMs} ms: make them smaller.`)

/**
 * @param place of a task that no person answers, and that does not only wait
 * @throws DagbokError `bad_input` where its expressions take too long: whoever writes one holds up nobody else
 */
export function plannedPod(place: PlannedPlace): Planned {
  const { viewer, cluster, team, versionId, runId, attemptId, n } = place
  const task: Task = viewer.task
  const traceparent = runId === null || attemptId === null ? givenAtStart : traceparentOf(runId, attemptId)
  // What it does may happen twice.
  const { rendered, open } = within(() => {
    const found: OpenExpression[] = []
    return { rendered: renderTask(viewer, n, traceparent, renderKnown(found)), open: found }
  }, tooSlow)
  const { action, args, env, inputs, image } = rendered
  const isOpen = image !== null && open.some(({ source }) => image.includes(openMark(source)))
  const job = {
    attemptId: attemptId ?? givenAtStart,
    runId: runId ?? givenAtStart,
    dag: viewer.spec.id,
    versionId,
    task: task.id,
    key: viewer.key,
    n,
    folder: task.folder,
    action: { ...action, args },
    env,
    secrets: Object.fromEntries((task.secrets ?? []).map((name) => [name, null])),
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, inputOf(input, viewer)])),
    outputs: task.outputs,
    metrics: task.metrics,
    values: task.values,
    memory: task.resources.memory,
    pod: { image: isOpen ? someImage : image, cpu: task.resources.cpu },
  }
  const made = podOfAttempt({
    attempt: podAttemptOf(job, hiddenToken),
    task: task.pod ?? null,
    deployment: cluster.deploymentOf(team),
    allowance: cluster.allowedTo(team),
    sha256,
    digests: place.digests,
  })
  if (made.pod === null) return { pod: null, faults: made.faults, open }
  const containers = made.pod.spec.containers.map((one) =>
    isOpen && one.image === someImage ? { ...one, image } : one,
  )
  const whole = { ...made.pod, spec: { ...made.pod.spec, containers } }
  const shown = withoutSecrets(JSON.parse(JSON.stringify(whole)) as { [key: string]: Json })
  return { pod: withGiven(shown, place), faults: [], open }
}
