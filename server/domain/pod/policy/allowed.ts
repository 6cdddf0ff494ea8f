/** What an admin may allow a team beyond what every task may: each is a word of theirs, none is the default. */
import { z } from 'zod'
import { guardedVolumes } from '../manifest-volumes.ts'

const names = z.array(z.string().min(1)).default([])
const flag = z.boolean().default(false)

export const allowedSchema = z.strictObject({
  /** Service accounts that a task may name: it has their rights in the cluster, and may mount their tokens. */
  service_accounts: names,
  /** Priority classes whose names begin with `system-`: their pods push out others. */
  priority_classes: names,
  runtime_classes: names,
  schedulers: names,
  /** Beside those of the standard *restricted*. */
  volume_types: z.array(z.enum(Object.keys(guardedVolumes) as [keyof typeof guardedVolumes])).default([]),
  /** Folders of the node: these, and what is in them. */
  host_paths: names,
  /** Beside NET_BIND_SERVICE. */
  capabilities: names,
  /** Beside the safe ones. */
  sysctls: names,
  /** Prefixes of annotations that runtimes and networks obey. */
  annotations: names,
  /** Name servers, and names of hosts, of its own. */
  dns: flag,
  host_network: flag,
  host_ports: flag,
  /** Processes of root, which are those of the node unless it maps users. */
  root: flag,
  /** Everything that a node has. */
  privileged: flag,
})
export type Allowed = z.infer<typeof allowedSchema>

/** What a team may that no admin has said anything of: the Pod Security Standard *restricted*. */
export const nothingMore: Allowed = allowedSchema.parse({})

/** What cannot be known before a team is: taken for allowed when a notebook is compiled, and asked again for each pod. */
export const anything = 'anything'
export type Allowance = Allowed | typeof anything

type Names = { [K in keyof Allowed]: Allowed[K] extends string[] ? K : never }[keyof Allowed]
type Flags = { [K in keyof Allowed]: Allowed[K] extends boolean ? K : never }[keyof Allowed]

export const allows = (allowance: Allowance, key: Names, name: string): boolean =>
  allowance === anything || (allowance[key] as readonly string[]).includes(name)
export const may = (allowance: Allowance, key: Flags): boolean => allowance === anything || allowance[key]
