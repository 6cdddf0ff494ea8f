import { expect, test } from 'vitest'
import { sideContainers } from './side-containers.ts'

const at = '2026-01-31T06:00:00Z'
const ended = (exitCode: number, reason = 'Error') => ({
  terminated: { exitCode, reason, startedAt: at, finishedAt: at },
})
const running = { running: { startedAt: at } }
const waiting = { waiting: { reason: 'PodInitializing' } }

interface States {
  gate?: object
  outputs?: object
  last?: object
  main?: object
}
const podOf = ({ gate = ended(0), outputs = running, last = {}, main = running }: States) => ({
  spec: { initContainers: [{ name: 'gate' }, { name: 'outputs', restartPolicy: 'Always' }] },
  status: {
    initContainerStatuses: [
      { name: 'gate', state: gate },
      { name: 'outputs', state: outputs, lastState: last },
    ],
    containerStatuses: [{ name: 'main', state: main }],
  },
})

test('of the containers beside main those are told that failed, and those that it waits for', () => {
  const of = (states: States) =>
    sideContainers(podOf(states)).map(({ name, previous }) => (previous ? `${name} before` : name))
  expect(of({})).toEqual([])
  expect(of({ gate: ended(1), outputs: waiting, main: waiting })).toEqual(['gate'])
  expect(of({ gate: running, outputs: waiting, main: waiting })).toEqual(['gate'])
  expect(of({ gate: ended(128, 'StartError'), outputs: waiting, main: waiting })).toEqual([])
  expect(of({ outputs: ended(137, 'OOMKilled'), main: ended(0) })).toEqual(['outputs'])
  expect(of({ outputs: running, last: ended(1) })).toEqual(['outputs before'])
  expect(of({ outputs: waiting, last: ended(1), main: ended(0) })).toEqual(['outputs before'])
  expect(of({ main: ended(0) })).toEqual(['outputs'])
  expect(of({ outputs: ended(0), main: ended(3) })).toEqual([])
})

test('of what is no pod there are none, and of one with very many, a few', () => {
  expect([null, 3, 'x', {}].map(sideContainers)).toEqual([[], [], [], []])
  const all = Array.from({ length: 50 }, (_, i) => ({ name: `c${i}`, state: ended(1) }))
  expect(sideContainers({ spec: {}, status: { initContainerStatuses: all } })).toHaveLength(4)
})
