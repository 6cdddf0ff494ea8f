import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { podText } from './pod.ts'

const pod = {
  task: 'train',
  key: null,
  n: 1,
  kind: 'seen' as const,
  says: 'The pod of attempt 1.',
  yaml: 'kind: Pod\n',
  open: [{ source: 'tasks.a.values.b', why: 'a has not ended' }],
  events: [{ at: '2026-01-31T06:00:00.000Z', reason: 'BackOff', message: 'no\nimage', container: 'main' }],
  logs: [{ container: 'gate', text: 'no answer\nno\u0007answer\n' }],
}

test('a pod is printed as YAML that kubectl reads: all else of it is comments', () => {
  expect(podText(pod)).toBe(
    [
      '# The pod of attempt 1.',
      '# ‹tasks.a.values.b› is known later: a has not ended',
      'kind: Pod',
      '# 2026-01-31T06:00:00.000Z  BackOff  no image',
      '# The end of the log of the container gate:',
      '#   no answer',
      '#   no answer',
    ].join('\n'),
  )
  expect(parse(podText(pod) ?? '')).toEqual({ kind: 'Pod' })
  expect(podText({ ...pod, yaml: null })).toBeNull()
})
