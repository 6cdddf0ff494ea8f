import { expect, test } from 'vitest'
import { ClusterError } from './cluster-error.ts'
import { sideLogs } from './side-logs.ts'

const ended = { terminated: { exitCode: 1, reason: 'Error' } }
const pod = {
  spec: { initContainers: [{ name: 'gate' }, { name: 'outputs', restartPolicy: 'Always' }] },
  status: {
    initContainerStatuses: [
      { name: 'gate', state: { terminated: { exitCode: 0 } } },
      { name: 'outputs', state: { running: {} }, lastState: ended },
    ],
    containerStatuses: [
      { name: 'main', state: { running: {} } },
      { name: 'helper', state: ended },
    ],
  },
}
const ref = { namespace: 'n', name: 'p' }
const never = new AbortController().signal
type Answer = string | Error
const clientOf = (by: (container: string, previous: boolean | undefined) => Answer) => ({
  async *readLog(_ref: unknown, { container, previous }: { container: string; previous?: boolean }) {
    await Promise.resolve()
    const answer = by(container, previous)
    if (typeof answer !== 'string') throw answer
    yield Buffer.from(answer)
  },
})
const line = (text: string) => `2026-01-31T06:00:00.5Z ${text}\n`

test('the log of each container beside main that failed is read, of one that runs again that of before', async () => {
  const client = clientOf((container, previous) => line(`${container} ${previous}`))
  expect(await sideLogs(client, ref, pod, never)).toEqual([
    { container: 'outputs', text: 'outputs true\n' },
    { container: 'helper', text: 'helper false\n' },
  ])
})

test('what cannot be read is said in its place, and what has written nothing is left out', async () => {
  const lost = new ClusterError('unavailable', 'The API server answered with status 500: no kubelet', {
    status: 500,
  })
  const client = clientOf((container) => (container === 'helper' ? '' : lost))
  expect(await sideLogs(client, ref, pod, never)).toEqual([
    { container: 'outputs', text: `[the rest of it could not be read: ${lost.message}]\n` },
  ])
})

test('while nobody can be asked, nothing is taken for unreadable', async () => {
  for (const away of [
    new ClusterError('unavailable', 'x does not answer (ECONNREFUSED).'),
    new ClusterError('throttled', 'not now', { status: 429 }),
  ])
    await expect(
      sideLogs(
        clientOf(() => away),
        ref,
        pod,
        never,
      ),
    ).rejects.toBe(away)
  const stopped = AbortSignal.abort(new Error('stopped'))
  await expect(
    sideLogs(
      clientOf(() => new Error('broken off')),
      ref,
      pod,
      stopped,
    ),
  ).rejects.toThrow('stopped')
})
