/** A pod as it is kept and shown: without secrets, without what nobody reads, of bounded length. Pure. */
import { stringify } from 'yaml'
import { mapTexts, type Json } from '../json.ts'
import { maskerOf } from '../run/attempt-record.ts'
import { readEvents, shapeOf, textOf } from './observed.ts'
import { hiddenToken } from './pod-yaml.ts'
import { tokenVariable } from './build-pod.ts'

type JsonMap = { [key: string]: Json }

/** An event of a pod; `at` is RFC 3339. */
export interface ShownEvent {
  at: string | null
  reason: string
  message: string | null
  container: string | null
}

/** The end of the log of a container beside `main`, which has failed or was never through. */
export interface ShownLog {
  container: string
  text: string
}

/** What is kept of the pod of an attempt when that has ended. */
export interface LastSeen {
  /** RFC 3339. */
  at: string
  pod: JsonMap
  /** The newest of them, oldest first. */
  events: ShownEvent[]
  logs: ShownLog[]
}

/** Bytes of a pod as JSON, characters of a text where it is longer than that, of a log, and events that are kept. */
const mostBytes = 256 * 1024
const longestLog = 16_000
const longestText = 2000
const mostEvents = 50

/** Any token of a pod's agent, wherever it stands. */
const anyToken = /dagbok_pod_[\w-]+/g

const isMap = (value: unknown): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Variables of all its containers that are given as values. */
function variablesOf(pod: JsonMap): [string, string][] {
  const { initContainers, containers } = shapeOf(pod['spec'])
  const all = [initContainers, containers].flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
  return all.flatMap((container) => {
    const { env } = shapeOf(container)
    return (Array.isArray(env) ? env : []).flatMap((one: unknown): [string, string][] => {
      const [name, value] = [textOf(shapeOf(one)['name']), textOf(shapeOf(one)['value'])]
      return name === null || value === null ? [] : [[name, value]]
    })
  })
}

/** Takes any agent's token, and what secret variables of a pod hold, out of a text. */
function maskOf(pod: JsonMap): (text: string) => string {
  // Of two containers each may have one of a name: all of them are hidden.
  const maskers = variablesOf(pod)
    .filter(([name]) => name !== tokenVariable)
    .map(([name, value]) => maskerOf({ [name]: value }))
  return (text) => maskers.reduce((left, mask) => mask(left), text.replaceAll(anyToken, hiddenToken))
}

/** Without its agent's token, the values of secret variables, and who has written which field. */
export function withoutSecrets(pod: JsonMap): JsonMap {
  const shown = mapTexts(pod, maskOf(pod)) as JsonMap
  if (isMap(shown['metadata'])) delete shown['metadata']['managedFields']
  return shown
}

const bytesOf = (json: Json): number => new TextEncoder().encode(JSON.stringify(json)).length

/** The whole pod where it is short; else with its texts cut; else without its spec, which was asked for. */
function bounded(pod: JsonMap): JsonMap {
  const bytes = bytesOf(pod)
  if (bytes <= mostBytes) return pod
  const cut = mapTexts(pod, (text) =>
    text.length <= longestText
      ? text
      : `${text.slice(0, longestText)}… (${text.length - longestText} characters more)`,
  ) as JsonMap
  if (bytesOf(cut) <= mostBytes) return cut
  const { apiVersion = 'v1', kind = 'Pod', metadata, status } = cut
  const { name = null, namespace = null, uid = null } = shapeOf(metadata) as JsonMap
  const short = { apiVersion, kind, metadata: { name, namespace, uid } }
  const left = { ...short, spec: `(its ${bytes} bytes are too many to keep)` }
  const whole = { ...left, status: status ?? null }
  return bytesOf(whole) <= mostBytes ? whole : left
}

const endOfLog = (text: string): string =>
  text.length <= longestLog ? text : `… (what is before is left out)\n${text.slice(-longestLog)}`

/**
 * What is kept of a pod as it was seen last.
 * @param events a list of events, or an `EventList`; those of another pod are left out
 * @param logs of its containers beside `main`
 * @returns null where that is no pod
 */
export function lastSeenOf(
  pod: unknown,
  events: unknown,
  at: string,
  logs: readonly ShownLog[] = [],
): LastSeen | null {
  if (!isMap(pod)) return null
  const uid = textOf(shapeOf(pod['metadata'])['uid'])
  const mask = maskOf(pod)
  return {
    at,
    pod: bounded(withoutSecrets(pod)),
    events: readEvents(events, uid)
      .slice(-mostEvents)
      .map(({ at: time, reason, message, container }) => ({
        at: time === null ? null : new Date(time).toISOString(),
        reason,
        message: message === null ? null : mask(message).slice(0, longestText),
        container,
      })),
    logs: logs.map(({ container, text }) => ({ container, text: endOfLog(mask(text)) })),
  }
}

/** YAML of a pod that is shown. What readers of YAML 1.1 (as kubectl is) would take for another type is quoted. */
export const shownYaml = (pod: Json): string =>
  stringify(pod, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })
