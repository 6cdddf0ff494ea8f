/** A pod as people read it, before it runs and after. */
import { stringify } from 'yaml'
import { containerNames, tokenVariable } from './build-pod.ts'
import type { Container, Pod } from './manifest.ts'

/** Stands for an attempt's token. */
export const hiddenToken = '(hidden)'

const agents: string[] = [containerNames.gate, containerNames.outputs]

/** The pod with this in the place of its attempt's token, where that stands as a value and is no reference: in our own containers. */
export function withToken(pod: Pod, token: string): Pod {
  const given = (container: Container): Container => ({
    ...container,
    env: (container.env ?? []).map((one) =>
      one.name === tokenVariable && one.value !== undefined ? { ...one, value: token } : one,
    ),
  })
  const initContainers = (pod.spec.initContainers ?? []).map((container) =>
    agents.includes(container.name) ? given(container) : container,
  )
  return { ...pod, spec: { ...pod.spec, initContainers } }
}

/** YAML without the token. What readers of YAML 1.1 (as kubectl is) would take for another type is quoted. */
export const podYaml = (pod: Pod): string =>
  stringify(withToken(pod, hiddenToken), { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })
