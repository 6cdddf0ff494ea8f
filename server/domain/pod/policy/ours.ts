/** What of a pod is ours: by it an attempt starts once, is found again, and its results are brought away. */
import { canonicalJson } from '../../json.ts'
import { containerNames, reservedPrefix } from '../build-pod.ts'
import type { PodFault } from '../fault.ts'
import type { Container } from '../manifest.ts'
import { ownPrefix, recommendedPrefix } from '../names.ts'
import { ownFolder } from '../paths.ts'
import { cleanPath, overlaps } from '../syntax.ts'
import { fault, containersOf, type Rule, type View } from './rule.ts'

const same = (a: unknown, b: unknown) => canonicalJson(a ?? null) === canonicalJson(b ?? null)

const name: Rule = ({ pod, base }) =>
  (['name', 'namespace'] as const)
    .filter((field) => pod.metadata[field] !== base.metadata[field])
    .map((field) => fault(['metadata', field], `is ours, and must stay ${base.metadata[field]}`))

const finalizers: Rule = ({ pod, base }) =>
  same(pod.metadata.finalizers, base.metadata.finalizers)
    ? []
    : [fault(['metadata', 'finalizers'], 'are ours: leave them out')]

const reserved = (key: string) => key.startsWith(ownPrefix) || key.startsWith(recommendedPrefix)

/** Each key that is ours stays, and none is added to them. */
const marks: Rule = ({ pod, base }) =>
  (['labels', 'annotations'] as const).flatMap((field) => {
    const [now, made] = [new Map(Object.entries(pod.metadata[field])), base.metadata[field]]
    const keys = new Set([...now.keys(), ...Object.keys(made)].filter(reserved))
    return [...keys]
      .filter((key) => !Object.hasOwn(made, key) || now.get(key) !== made[key])
      .map((key) =>
        fault(
          ['metadata', field, key],
          `is ours: ${ownPrefix} and ${recommendedPrefix} may be neither set nor taken away`,
        ),
      )
  })

/** Init containers in the order of their start: the gate, what collects, then the task's own. */
const agents: Rule = ({ pod, base }) => {
  const now = pod.spec.initContainers ?? []
  return (base.spec.initContainers ?? []).flatMap((made, index) => {
    const path = ['spec', 'initContainers', index]
    const place = now.findIndex((one) => one.name === made.name)
    if (place < 0)
      return [fault(['spec', 'initContainers'], `lack '${made.name}', which is ours: leave it in`)]
    if (place !== index)
      return [fault(['spec', 'initContainers', place], `must be the ${index === 0 ? 'first' : 'second'}`)]
    return same(now[place], made) ? [] : [fault(path, 'is ours, and may not be changed')]
  })
}

const uniqueNames: Rule = ({ pod }) => {
  const seen = new Set<string>()
  const twice = (at: string | undefined) => at !== undefined && (seen.has(at) || !seen.add(at))
  const containers = containersOf(pod)
    .filter(({ container }) => twice(container.name))
    .map(({ path }) => fault([...path, 'name'], 'is also that of another container: take another'))
  seen.clear()
  const volumes = (pod.spec.volumes ?? []).flatMap((volume, index) =>
    twice(volume.name)
      ? [fault(['spec', 'volumes', index, 'name'], 'is also that of another volume: take another')]
      : [],
  )
  return [...containers, ...volumes]
}

/** What of `main` has a key of its own in the notebook, or would start its code another time. */
const mainFields: Record<string, string> = {
  image: 'is that of the task: write `image` there',
  command: 'is that of the task: write `command` there',
  args: 'are those of the task: write `args` there',
  workingDir: 'is the folder of the notebook',
  restartPolicy: 'would start its code again: leave it out, and write `retries`',
}

function variablesOf(main: Container, made: Container, path: PodFault['path']): PodFault[] {
  const now = new Map((main.env ?? []).map((one) => [one.name, one]))
  const own = new Map((made.env ?? []).map((one) => [one.name, one]))
  const changed = [...own].filter(([name, one]) => !same(now.get(name), one)).map(([name]) => name)
  const added = [...now.keys()].filter((name) => name.startsWith('DAGBOK_') && !own.has(name))
  return [...new Set([...changed, ...added])].map((name) =>
    fault(
      [...path, 'env'],
      name.startsWith('DAGBOK_')
        ? `have ${name} changed, which is Dagbok's own`
        : `have ${name} changed, which the task has already: write it in \`env\``,
    ),
  )
}

/** `main` stays the only container beside those that end with it: else the pod would not end when it does. */
const main: Rule = ({ pod, base }) => {
  const made = base.spec.containers.find((one) => one.name === containerNames.main)
  const index = pod.spec.containers.findIndex((one) => one.name === containerNames.main)
  const now = pod.spec.containers[index]
  const others = pod.spec.containers.flatMap((one, at) =>
    at === index
      ? []
      : [
          fault(
            ['spec', 'containers', at],
            'would keep the pod when the task has ended: write it under initContainers, with restartPolicy: Always',
          ),
        ],
  )
  if (now === undefined || made === undefined)
    return [fault(['spec', 'containers'], "lack 'main', which is the task's: leave it in"), ...others]
  const path = ['spec', 'containers', index]
  const fields = Object.entries(mainFields)
    .filter(([field]) => !same(now[field as keyof Container], made[field as keyof Container]))
    .map(([field, words]) => fault([...path, field], words))
  return [...fields, ...variablesOf(now, made, path), ...others]
}

/** An init container of the task's own either ends, or is a sidecar that ends with `main`. */
const ownInit: Rule = ({ pod, base }) =>
  (pod.spec.initContainers ?? []).flatMap((one, index) => {
    const made = (base.spec.initContainers ?? []).some((other) => other.name === one.name)
    const path = ['spec', 'initContainers', index]
    const policy = one.restartPolicy
    const isOurs = one.name === containerNames.gate || one.name === containerNames.outputs
    return [
      ...(isOurs && !made ? [fault([...path, 'name'], 'is a name of ours: take another')] : []),
      ...(made || policy === undefined || policy === 'Always'
        ? []
        : [fault([...path, 'restartPolicy'], `is '${policy}', and may only be Always, or left out`)]),
      ...(one.image === undefined || one.image === '' ? [fault([...path, 'image'], 'is missing')] : []),
    ]
  })

const isOurs = (path: string) => overlaps(path, ownFolder)

function mountsOf({ pod, base }: View): PodFault[] {
  const ours = new Map(
    containersOf(base).map(({ container }) => [container.name, container.volumeMounts ?? []]),
  )
  const shared = ours.get(containerNames.main) ?? []
  const known = new Set((pod.spec.volumes ?? []).map((volume) => volume.name))
  return containersOf(pod).flatMap(({ container, path }) => {
    const made = ours.get(container.name) ?? []
    const mounts = container.volumeMounts ?? []
    // A sidecar of the task's own may have what the task has, where the task has it.
    const isMade = (one: unknown) => [...made, ...shared].some((other) => same(one, other))
    const lost = made.filter((one) => !mounts.some((other) => same(one, other)))
    return [
      ...lost.map((one) => fault([...path, 'volumeMounts'], `lack ${one.mountPath} as it was: it is ours`)),
      ...mounts.flatMap((one, index) => {
        const at = [...path, 'volumeMounts', index]
        const clean = cleanPath(one.mountPath)
        if (isMade(one)) return []
        if (!known.has(one.name))
          return [
            fault([...at, 'name'], `is '${one.name}', and there is no such volume: add it to \`volumes\``),
          ]
        if (clean === null)
          return [fault([...at, 'mountPath'], 'must be an absolute path without .. and colons')]
        return [
          ...(one.name.startsWith(reservedPrefix)
            ? [fault([...at, 'name'], 'is a volume of ours: mount it where the task has it')]
            : []),
          ...(isOurs(clean) ? [fault([...at, 'mountPath'], `meets ${ownFolder}, which is ours`)] : []),
          ...(one.mountPropagation === undefined || one.mountPropagation === 'None'
            ? []
            : [fault([...at, 'mountPropagation'], 'must be left out: mounts of the node stay its own')]),
        ]
      }),
    ]
  })
}

/** Our volumes stay what they are, and a name like theirs is no other's. */
const volumes: Rule = ({ pod, base }) => {
  const made = base.spec.volumes ?? []
  const now = pod.spec.volumes ?? []
  return [
    ...made
      .filter((one) => !now.some((other) => same(one, other)))
      .map((one) => fault(['spec', 'volumes'], `lack '${one.name}' as it was: it is ours`)),
    ...now.flatMap((one, index) =>
      one.name.startsWith(reservedPrefix) && !made.some((other) => same(one, other))
        ? [
            fault(
              ['spec', 'volumes', index, 'name'],
              `begins with ${reservedPrefix}, as ours do: take another`,
            ),
          ]
        : [],
    ),
  ]
}

export const ourRules = {
  name,
  finalizers,
  marks,
  agents,
  uniqueNames,
  main,
  ownInit,
  mounts: mountsOf,
  volumes,
} satisfies Record<string, Rule>
