import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, inject, onTestFinished, test } from 'vitest'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { expand } from '#workers/executors/process/command.ts'
import { expandable, literal } from './expansion.ts'

/** What is drawn is the same each time: what differs from a real cluster is looked for by another seed. */
const seed = 20261127

const piece = fc.constantFrom(
  '$',
  '$$',
  '$(',
  '(',
  ')',
  '$(A)',
  '$$(A)',
  '$(B_1)',
  '$(none)',
  '$(a b)',
  '$()',
  'A',
  ' ',
  'é',
  '€',
  '😀',
  '"',
  "'",
  '\n',
)
const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''))
const program = 'import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))'

test('[N1] a real kubelet makes of arguments and variables what the other executors make', async () => {
  const args = fc.sample(text, { numRuns: 300, seed })
  const values = fc.sample(text, { numRuns: 100, seed })
  const env = {
    A: 'one',
    B_1: '$(A) $$ $',
    ...Object.fromEntries(values.map((value, i) => [`V_${i}`, value])),
  }
  const name = `expansion-${randomUUID().slice(0, 8)}`
  const container = {
    name: 'main',
    image: `${inject('registry')}/python:1`,
    command: ['python3', '-c', literal(program)],
    args: args.map(expandable),
    env: Object.entries(env).map(([variable, value]) => ({ name: variable, value: literal(value) })),
  }
  onTestFinished(
    async () => void (await kubectl(['delete', 'pod', name, '--wait=false', '--ignore-not-found'])),
  )
  await kubectl(['create', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', containers: [container] },
  })
  await kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, '--timeout=120s'])
  const [given, seen] = JSON.parse(await kubectl(['logs', name])) as [string[], Record<string, string>]
  expect(given).toEqual(args.map((one) => expand(one, env)))
  expect(seen).toMatchObject(env)
})
