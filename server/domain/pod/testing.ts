/** For tests: an attempt, a deployment, and hashes, with what a test says more. */
import { plainAgentSize, plainDefaults, type PodAttempt, type PodDeployment } from './deployment.ts'
import { podOfAttempt, type PodFacts, type PodOfAttempt } from './pod-of-attempt.ts'
import type { Pod } from './manifest.ts'
import type { Json } from '../json.ts'
import { nothingMore } from './policy/allowed.ts'
import { plainTaskPod, type TaskPod } from './task-pod.ts'

/** Not SHA-256, but of its shape: eight times FNV-1a of 32 bits. */
const sha256 = (text: string): string =>
  Array.from({ length: 8 }, (_, round) => {
    let hash = 0x811c9dc5 ^ round
    for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
    return (hash >>> 0).toString(16).padStart(8, '0')
  }).join('')

export const attempt = (more: Partial<PodAttempt> = {}): PodAttempt => ({
  attemptId: '0199c0de-0000-7000-8000-00000000000a',
  token: { kind: 'secret', name: 'dagbok-token-a', key: 'token' },
  runId: '0199c0de-0000-7000-8000-000000000001',
  dag: 'iris',
  versionId: '0199c0de-0000-7000-8000-000000000002',
  task: 'train',
  key: 'alpha=0.1',
  n: 1,
  folder: 'iris',
  action: { kind: 'command', command: ['fit', '--all'] },
  args: [],
  image: 'registry.example/fit:v2',
  env: { DAGBOK_TASK: 'train', COLOUR: 'blue' },
  inputs: {},
  reports: true,
  resources: { cpu: null, memory: null },
  ...more,
})

export const deployment = (more: Partial<PodDeployment> = {}): PodDeployment => ({
  namespace: 'team-ml',
  instance: 'prod',
  agent: { image: 'registry.example/dagbok-agent:1.0.0', size: plainAgentSize },
  address: 'https://dagbok.example',
  defaults: plainDefaults,
  ...more,
})

export const facts = (task: Partial<TaskPod> = {}, more: Partial<PodFacts> = {}): PodFacts => ({
  attempt: attempt(),
  task: { ...plainTaskPod, ...task },
  deployment: deployment(),
  allowance: nothingMore,
  sha256,
  ...more,
})

/** @throws Error with the faults, where it is refused */
export function soundPod(facts: PodFacts): Pod {
  const made = podOfAttempt(facts)
  if (made.pod === null) throw new Error(made.faults.join('\n'))
  return made.pod
}

export const patched = (patch: { [key: string]: Json }, more: Partial<PodFacts> = {}): PodOfAttempt =>
  podOfAttempt(facts({ patch }, more))
