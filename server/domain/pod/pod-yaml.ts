/** A pod as people read it, before it runs and after. */
import { stringify } from 'yaml'
import { tokenVariable } from './build-pod.ts'
import type { Container, Pod } from './manifest.ts'

const placeholder = '(hidden)'

const hidden = (container: Container): Container =>
  container.env === undefined
    ? container
    : {
        ...container,
        env: container.env.map((one) =>
          one.name === tokenVariable && one.value !== undefined ? { ...one, value: placeholder } : one,
        ),
      }

/** The pod with its attempt's token taken out, wherever it stands as a value (S6). */
export function withoutToken(pod: Pod): Pod {
  const { initContainers, containers } = pod.spec
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(hidden) }),
      containers: containers.map(hidden),
    },
  }
}

/** YAML without the token. What readers of YAML 1.1 (as kubectl is) would take for another type is quoted. */
export const podYaml = (pod: Pod): string =>
  stringify(withoutToken(pod), { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })
