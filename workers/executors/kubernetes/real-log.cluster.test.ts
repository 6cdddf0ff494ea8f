import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { kubectl } from '../../../k8s/test-cluster/testing/kubectl.ts'
import { followLog } from './log-follower.ts'
import { LogCursor } from './log-lines.ts'
import { hasEnded, isRunning, specOf } from './testing/real-ends.ts'
import { RealPods } from './testing/real-pods.ts'

const namespace = `log-${randomUUID().slice(0, 8)}`
let pods: RealPods
beforeAll(async () => {
  await kubectl(['create', 'namespace', namespace])
  pods = new RealPods(inject('kubeconfig'), namespace)
})
afterAll(() => pods.close())

const script = `
for part in 1 2 3 4; do
  i=0; while [ $i -lt 1500 ]; do echo "$part $i"; [ $((i % 100)) = 0 ] && echo "error $part $i" >&2; i=$((i + 1)); done
  sleep 1
done
printf 'the last line has no end'`

test('[R8] a log is followed as it is written, and after cuts every line comes once, in its order', async () => {
  const main = { command: ['sh', '-c', script] }
  const end = {
    about: '',
    main,
    expected: { state: 'succeeded', reason: null, userCode: 'started' },
  } as const
  const { metadata } = await pods.create('writer', specOf(inject('registry'), end))
  await pods.when('writer', (verdict) => isRunning(verdict) || hasEnded(verdict))
  const ended = new AbortController()
  const over = pods.when('writer', hasEnded).then(() => ended.abort())
  const cursor = new LogCursor()
  const texts: string[] = []
  for (let isWhole = false; !isWhole;) {
    const cut = new AbortController()
    const given = { source: pods.client, pod: metadata, container: 'main', ended: ended.signal, cursor }
    let n = 0
    for await (const { text } of followLog({ ...given, signal: cut.signal })) {
      texts.push(text)
      if (++n === 700 && !ended.signal.aborted) cut.abort(new Error('cut'))
    }
    isWhole = !cut.signal.aborted
  }
  await over
  const whole = await kubectl(['logs', 'writer', '-c', 'main', '-n', namespace])
  expect(texts).toEqual(whole.replace(/\n$/, '').split('\n'))
  expect(texts.length).toBe(4 * 1515 + 1)
})
