/** Ways to end by what runs before and beside `main`, as our agent does. */
import type { RealEnd } from './real-ends.ts'

const sh = (text: string) => ['sh', '-c', text]
const resources = { limits: { memory: '48Mi' }, requests: { memory: '48Mi' } }
/** Busybox has nothing else that needs memory. */
const eat = 'dd if=/dev/zero of=/dev/null bs=400M count=1'

/** @param registry `HOST:PORT` */
export const agentEnds = (registry: string): Record<string, RealEnd> => ({
  'gate-refused': {
    about: 'the container before main fails',
    gate: sh('exit 7'),
    expected: {
      state: 'lost',
      reason: 'infrastructure_unknown',
      container: 'gate',
      exitCode: 7,
      userCode: 'not_started',
    },
  },
  'outputs-failed': {
    about: 'main ends with 0, and its sidecar fails after it',
    outputs: sh('trap "exit 1" TERM; sleep 1000 & wait'),
    expected: { state: 'failed', reason: 'storage', container: 'outputs', exitCode: 1, userCode: 'started' },
  },
  'gate-oom': {
    about: 'the container before main uses more memory than its limit',
    gate: sh(`exec ${eat}`),
    agent: { resources },
    expected: {
      state: 'lost',
      reason: 'infrastructure_unknown',
      container: 'gate',
      exitCode: 137,
      userCode: 'not_started',
    },
  },
  'gate-start-error': {
    about: 'what runs before main is not in its image',
    gate: ['no-such-agent'],
    expected: { state: 'failed', reason: 'bad_config', container: 'gate', userCode: 'not_started' },
  },
  'gate-no-image': {
    about: 'the image of what runs before main cannot be pulled',
    agent: { image: `${registry}/no-such-agent:1` },
    when: ({ reason }) => reason !== null,
    expected: { state: 'pending', reason: 'image_pull', container: 'gate', userCode: 'not_started' },
  },
  'gate-words': {
    about: 'the container before main fails, and leaves its last words',
    gate: sh('echo "Nobody answers." > /dev/termination-log; exit 1'),
    expected: {
      state: 'lost',
      reason: 'infrastructure_unknown',
      message: 'The container gate failed with exit code 1. Nobody answers.',
      userCode: 'not_started',
    },
  },
  'outputs-oom': {
    about: 'main ends with 0, and its sidecar uses more memory than its limit after it',
    outputs: sh(`trap "exec ${eat}" TERM; sleep 1000 & wait`),
    agent: { resources },
    expected: {
      state: 'failed',
      reason: 'storage',
      container: 'outputs',
      exitCode: 137,
      userCode: 'started',
    },
  },
})
