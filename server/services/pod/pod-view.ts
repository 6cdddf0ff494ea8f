/** Pods in the shape that crosses the wire. */
import { shownYaml, type LastSeen } from '../../domain/pod/shown-pod.ts'
import type { PodView } from '../../views/pod.ts'
import type { Planned } from './planned-pod.ts'

export type PodPlace = Pick<PodView, 'task' | 'key' | 'n'>

export const noPod = (place: PodPlace, says: string): PodView => ({
  ...place,
  kind: 'none',
  says,
  yaml: null,
  open: [],
  events: [],
  logs: [],
})

export const plannedView = (place: PodPlace, { pod, faults, open }: Planned, says: string): PodView =>
  pod === null
    ? { ...noPod(place, `Its pod would be refused: ${faults.join('\n')}`), open }
    : { ...place, kind: 'planned', says, yaml: shownYaml(pod), open, events: [], logs: [] }

export const seenView = (place: PodPlace, { at, pod, events, logs }: LastSeen): PodView => ({
  ...place,
  kind: 'seen',
  says: `The pod of attempt ${place.n}, as it was last seen at ${at}.`,
  yaml: shownYaml(pod),
  open: [],
  events,
  logs,
})
