/** What a merge gave as a pod, or why it is none: fields that a task may not have are told by name. */
import type { core } from 'zod'
import { guess } from '../../notebook/guess.ts'
import type { Path, PodFault } from '../fault.ts'
import { podSchema, type Pod } from '../manifest.ts'
import { fault } from './rule.ts'

/** Fields that are known, and that no task may have: why, and what instead. */
const refused: Record<string, string> = {
  nodeName: 'would go past the scheduler, its taints and its bounds: use `node_selector` or `affinity`',
  priority: 'is given by the class: use `priority_class`',
  preemptionPolicy: 'is given by the class: use `priority_class`',
  overhead: 'is given by the runtime class',
  serviceAccount: 'is an old name: use `service_account`',
  ephemeralContainers: 'are added to a pod that runs, and never by a task',
  schedulingGates: 'would hold the pod back for ever: use `wait` or `needs`',
  readinessGates: 'mean nothing for a pod that ends',
  ownerReferences: 'would have another delete it',
  generateName: 'would start its code more than once: its name is ours',
  windowsOptions: 'are for Windows, and tasks run on Linux',
  os: 'is Linux: leave it out',
  restartPolicyRules: 'would start its code again: write `retries`',
  status: "is the cluster's to say",
  volumeDevices: 'are devices of a node: use `volumes`',
  stdin: 'would wait for a person',
  tty: 'would wait for a person',
  terminationMessagePath: 'could hide what is ours: leave it out',
  gitRepo: 'is no more: the files of the version are there already',
}

const articles: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

const words = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).join(', ')

/** Names that are guessed at: each is compared with every known one, and nobody reads more. */
const mostGuesses = 100

function unknownField(path: Path, key: string, known: readonly string[]): PodFault {
  const why = Object.hasOwn(refused, key) ? refused[key] : undefined
  if (why !== undefined) return fault([...path, key], `may not be set: it ${why}`)
  const near = guess(key, known)
  const meant = near === undefined ? '' : ` (did you mean '${near}'?)`
  return fault([...path, key], `is not a field that a task's pod may have${meant}`)
}

/** Fields of the part of the schema that is at a path: for guesses. */
function fieldsAt(path: Path): string[] {
  let at: unknown = podSchema
  const unwrap = (schema: unknown): unknown => {
    const inner = (schema as { def?: { type?: string; innerType?: unknown } }).def
    return inner?.type === 'optional' ? unwrap(inner.innerType) : schema
  }
  for (const name of path) {
    const { def } = unwrap(at) as {
      def: { type: string; shape?: Record<string, unknown>; element?: unknown }
    }
    at = def.type === 'array' ? def.element : def.shape?.[String(name)]
    if (at === undefined) return []
  }
  const { def } = unwrap(at) as { def: { shape?: Record<string, unknown> } }
  return Object.keys(def.shape ?? {})
}

function faultsOf(issue: core.$ZodIssue): PodFault[] {
  const path = issue.path as Path
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = fieldsAt(path)
      return issue.keys.map((key, index) => unknownField(path, key, index < mostGuesses ? known : []))
    }
    case 'invalid_type':
      return issue.input === undefined
        ? [fault(path, 'is missing')]
        : [fault(path, `must be ${articles[issue.expected] ?? issue.expected}`)]
    case 'invalid_value':
      return [fault(path, `must be ${issue.values.length === 1 ? '' : 'one of '}${words(issue.values)}`)]
    case 'too_small':
      return [fault(path, `must be ${issue.minimum} or more`)]
    case 'too_big':
      return [fault(path, `must be ${issue.maximum} at most`)]
    default:
      return [fault(path, 'is not what may stand there')]
  }
}

/** A copy without what is at these paths, made in one go: there may be very many. */
function without(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0 || typeof value !== 'object' || value === null) return value
  const below = new Map<string, Path[]>()
  for (const [name, ...rest] of paths) {
    const found = below.get(String(name))
    if (found === undefined) below.set(String(name), [rest])
    else found.push(rest)
  }
  if (Array.isArray(value))
    return value.map((item, index): unknown => without(item, below.get(String(index)) ?? []))
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    const rests = below.get(key) ?? []
    return rests.some((rest) => rest.length === 0) ? [] : [[key, without(item, rests)]]
  })
  return Object.fromEntries(entries)
}

export type Read =
  | { pod: Pod; faults: [] }
  /** `pod` is what is left of it without what is wrong, null where that is none either. */
  | { pod: Pod | null; faults: PodFault[] }

/** The pod, or every place at which what was given is none. */
export function readPod(value: unknown): Read {
  const parsed = podSchema.safeParse(value, { reportInput: true })
  if (parsed.success) return { pod: parsed.data, faults: [] }
  const faults = parsed.error.issues.flatMap(faultsOf)
  const paths = faults.map(({ path }) => path)
  // Where an item went, those after it have another place.
  if (paths.some((path) => typeof path.at(-1) === 'number')) return { pod: null, faults }
  return { pod: podSchema.safeParse(without(value, paths)).data ?? null, faults }
}
