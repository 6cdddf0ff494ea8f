import { expect, test } from 'vitest'
import type { FakePod } from '#k8s/test-cluster/fake-nodes.ts'
import { argoPlace, checkWorkflow, workflowOf, type Workflow } from './workflow.ts'

const over = (phase: string, pods: string[]): Workflow => ({
  metadata: { name: 'w', resourceVersion: '1' },
  status: {
    phase,
    nodes: {
      w: { type: 'DAG', phase },
      ...Object.fromEntries(pods.map((pod, i) => [`w-${i}`, { type: 'Pod', phase: pod }])),
    },
  },
})

const pod = (annotations?: Record<string, string>): FakePod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u', ...(annotations === undefined ? {} : { annotations }) },
  spec: { containers: [] },
  status: { phase: 'Pending' },
})

test('a chain is a graph in which each task depends on the one before; one pod needs no graph', () => {
  const [graph] = workflowOf('w', 3).spec.templates
  expect(graph).toEqual({
    name: 'chain',
    dag: {
      tasks: [
        { name: 't0', template: 'pod' },
        { name: 't1', template: 'pod', depends: 't0' },
        { name: 't2', template: 'pod', depends: 't1' },
      ],
    },
  })
  expect(workflowOf('w', 1).spec).toMatchObject({ entrypoint: 'pod', templates: [{ name: 'pod' }] })
})

test('a workflow is right when it and all of its pods succeeded, and none is missing', () => {
  expect(() => checkWorkflow(over('Succeeded', ['Succeeded', 'Succeeded']), 2)).not.toThrow()
  expect(() => checkWorkflow(over('Succeeded', ['Succeeded']), 2)).toThrow(
    'workflow w: 1 of 1 pods succeeded, and 2 are asked for',
  )
  expect(() => checkWorkflow(over('Succeeded', ['Succeeded', 'Failed']), 2)).toThrow('1 of 2 pods succeeded')
  expect(() => checkWorkflow(over('Failed', ['Succeeded', 'Succeeded']), 2)).toThrow('workflow w: Failed')
})

test('a pod says its workflow and task by the name of its node; of a single pod that is the workflow', () => {
  const named = (node: string) => argoPlace(pod({ 'workflows.argoproj.io/node-name': node }))
  expect(named('chain-7.t3')).toEqual({ run: 'chain-7', task: 't3' })
  expect(named('one-7')).toEqual({ run: 'one-7', task: 't0' })
  expect(argoPlace(pod())).toBeNull()
})
