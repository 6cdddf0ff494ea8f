import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { expect, test } from 'vitest'
import { ProcessGroups } from './process-groups.ts'

/** A shell whose group has said that it is up. */
async function shell(groups: ProcessGroups, script: string): Promise<ChildProcess> {
  const child = groups.start('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.stdout === null) throw new Error('its output is a pipe')
  await once(child.stdout, 'data')
  return child
}

/** Resolves when nobody has its output open any more: all of the group that could write there are gone. */
const closed = async (child: ChildProcess) => {
  if (child.stdout?.closed === false) await once(child.stdout, 'close')
}

test('a group that ends at a Ctrl-C is not killed', async () => {
  const groups = new ProcessGroups()
  const child = await shell(groups, 'trap "exit 7" INT; echo up; while :; do sleep 0.05; done')
  await groups.end()
  expect([child.exitCode, child.signalCode]).toEqual([7, null])
})

test('a group that takes no notice of a Ctrl-C is killed, with all that it started', async () => {
  const groups = new ProcessGroups()
  const child = await shell(groups, 'trap "" INT; sleep 600 & echo up; wait')
  await groups.end(50)
  expect(child.signalCode).toBe('SIGKILL')
  await closed(child)
})

test('what a leader has left in its group is ended, too, and a group that is gone is no fault', async () => {
  const groups = new ProcessGroups()
  const left = await shell(groups, 'trap "" INT; sleep 600 & echo up')
  if (left.exitCode === null) await once(left, 'exit')
  const gone = groups.start('/bin/true', [], { stdio: 'ignore' })
  await once(gone, 'exit')
  await groups.end(50)
  await closed(left)
  expect([left.exitCode, gone.exitCode]).toEqual([0, 0])
})
