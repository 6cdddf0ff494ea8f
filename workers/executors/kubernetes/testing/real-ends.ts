/** Ways to end, or to be held back, that a cluster shows by itself, without harm to anything else on it. */
import type { PodVerdict } from '#server/domain/pod/verdict.ts'
import { evict } from '../../../../k8s/test-cluster/testing/kubectl.ts'
import { agentEnds } from './agent-ends.ts'
import type { RealPods } from './real-pods.ts'
import { registryEnds } from './registry-ends.ts'

type Container = Record<string, unknown>

export interface RealEnd {
  about: string
  /** Changes of `main`, of the pod, of what runs before and beside it. */
  main?: Container
  pod?: Container
  gate?: string[]
  outputs?: string[]
  /** Of both of them. */
  agent?: Container
  /** What is done to it, once `main` runs, or it is so. */
  actWhen?: (verdict: PodVerdict) => boolean
  act?: (pods: RealPods, name: string, uid: string) => Promise<unknown>
  /** When it is looked at; by default when it has ended. */
  when?: (verdict: PodVerdict) => boolean
  expected: Pick<PodVerdict, 'state' | 'reason' | 'userCode'> & Partial<PodVerdict>
  /** Words of its message. */
  says?: string
}

const sh = (text: string) => ['sh', '-c', text]
/** Ends soon after it is told to, and not before. */
const patient = sh('trap "exit 0" TERM; sleep 1000 & wait')
const memory = { limits: { memory: '48Mi' }, requests: { memory: '48Mi' } }
const eat = "python3 -c 'held = [bytearray(2**20) for _ in range(400)]'"

const isHeld = ({ reason }: PodVerdict) => reason !== null
const pending = (reason: PodVerdict['reason']): RealEnd['expected'] => ({
  state: 'pending',
  reason,
  userCode: 'not_started',
})
const ran = (
  state: PodVerdict['state'],
  reason: PodVerdict['reason'],
  exitCode: number,
): RealEnd['expected'] => ({ state, reason, exitCode, container: 'main', userCode: 'started' })

const remove = (graceSeconds: number) => (pods: RealPods, name: string, uid: string) =>
  pods.client.deletePod({ namespace: pods.namespace, name }, { uid, graceSeconds })

/** @param registry `HOST:PORT`. @param odd that of an odd one */
export const realEnds = (registry: string, odd: string): Record<string, RealEnd> => ({
  succeeded: { about: 'main ends with 0', expected: ran('succeeded', null, 0) },
  'exit-3': {
    about: 'main ends with 3',
    main: { command: sh('exit 3') },
    expected: ran('failed', 'user_error', 3),
  },
  oom: {
    about: 'main uses more memory than its limit',
    main: { image: `${registry}/python:1`, command: sh(`exec ${eat}`), resources: memory },
    expected: ran('failed', 'oom', 137),
  },
  'oom-child': {
    about: 'a child of main uses more memory than the limit, and main would end with 3 after it',
    main: { image: `${registry}/python:1`, command: sh(`${eat}; exit 3`), resources: memory },
    expected: { state: 'failed', reason: 'oom', container: 'main', userCode: 'started' },
  },
  'start-error': {
    about: 'the command is not in the image',
    main: { command: ['no-such-program'] },
    expected: { state: 'failed', reason: 'bad_config', exitCode: 128, userCode: 'not_started' },
  },
  'image-not-found': {
    about: 'the registry has no such image',
    main: { image: `${registry}/no-such-image:1` },
    when: isHeld,
    expected: pending('image_pull'),
  },
  'image-bad-name': {
    about: 'the name of the image is none',
    main: { image: `${registry}/Busybox:1:1` },
    when: isHeld,
    expected: pending('image_pull'),
  },
  'image-no-registry': {
    about: 'nothing listens where the image should be',
    main: { image: `${registry.replace(/\d+$/, '5999')}/busybox:1` },
    when: isHeld,
    expected: pending('image_pull'),
  },
  'image-never-pull': {
    about: 'the image may not be pulled, and is not there',
    main: { image: `${registry}/busybox:never`, imagePullPolicy: 'Never' },
    when: isHeld,
    expected: pending('image_pull'),
  },
  'no-secret': {
    about: 'a secret of its environment is not there',
    main: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'a' } } }] },
    when: isHeld,
    expected: pending('bad_config'),
  },
  'root-image': {
    about: 'the image would run as root, which the pod forbids',
    main: { securityContext: { runAsNonRoot: true, runAsUser: 0 } },
    when: isHeld,
    expected: pending('bad_config'),
  },
  'unschedulable-cpu': {
    about: 'no node has so many processors',
    main: { resources: { requests: { cpu: '1000' } } },
    when: isHeld,
    expected: pending('unschedulable'),
  },
  'unschedulable-selector': {
    about: 'no node has the label',
    pod: { nodeSelector: { gpu: 'yes' } },
    when: isHeld,
    expected: pending('unschedulable'),
  },
  ...agentEnds(registry),
  ...registryEnds(registry, odd),
  deadline: {
    about: 'activeDeadlineSeconds is over, and main ends with 0 on SIGTERM',
    main: { command: patient },
    pod: { activeDeadlineSeconds: 20 },
    expected: { state: 'failed', reason: 'timeout', container: 'main', userCode: 'started' },
  },
  'deadline-before-start': {
    about: 'activeDeadlineSeconds is over while the image of main cannot be pulled',
    main: { image: `${registry}/no-such-image:1` },
    pod: { activeDeadlineSeconds: 20 },
    expected: { state: 'lost', reason: 'image_pull', userCode: 'not_started' },
  },
  'deleted-by-hand': {
    about: 'deleted while main runs',
    main: { command: sh('trap "exit 143" TERM; sleep 1000 & wait') },
    act: remove(10),
    expected: ran('lost', 'deleted_by_hand', 143),
  },
  'deleted-exit-0': {
    about: 'deleted while main runs, which ends with 0 on SIGTERM',
    main: { command: patient },
    act: remove(10),
    expected: ran('lost', 'deleted_by_hand', 0),
  },
  'deleted-in-gate': {
    about: 'deleted while its gate runs',
    gate: patient,
    actWhen: ({ state }) => state === 'pending',
    act: remove(10),
    expected: { state: 'lost', reason: 'deleted_by_hand', userCode: 'not_started' },
  },
  'deleted-pulling': {
    about: 'deleted while the image of main cannot be pulled',
    main: { image: `${registry}/no-such-image:1` },
    actWhen: isHeld,
    act: remove(10),
    expected: { state: 'lost', reason: 'deleted_by_hand', userCode: 'not_started' },
  },
  'deleted-unscheduled': {
    about: 'deleted before a node has it',
    pod: { nodeSelector: { gpu: 'yes' } },
    actWhen: isHeld,
    act: remove(10),
    expected: { state: 'lost', reason: 'deleted_by_hand', userCode: 'not_started' },
  },
  evicted: {
    about: 'evicted as by a drain of its node',
    main: { command: patient },
    act: ({ namespace }, name) => evict(name, namespace),
    expected: ran('lost', 'evicted', 0),
  },
})

/** The pod of one, as ours are: a gate, a sidecar, `main`; nothing of it may be more than *restricted*. */
export function specOf(
  registry: string,
  { main = {}, pod = {}, gate, outputs, agent = {} }: RealEnd,
): object {
  const common = { image: `${registry}/busybox:1` }
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 10,
    automountServiceAccountToken: false,
    securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
    initContainers: [
      { ...common, ...agent, name: 'gate', command: gate ?? ['true'] },
      { ...common, ...agent, name: 'outputs', command: outputs ?? patient, restartPolicy: 'Always' },
    ],
    containers: [{ ...common, name: 'main', command: ['true'], ...main }],
    ...pod,
  }
}

/** Whether it has ended, as the verdicts of a running pod go. */
export const hasEnded = ({ state }: PodVerdict): boolean => state !== 'pending' && state !== 'running'

export const isRunning = ({ state }: PodVerdict): boolean => state === 'running'
