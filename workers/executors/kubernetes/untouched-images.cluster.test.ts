/** The task's image is as its author made it: with nothing in it, read-only, or under another user. */
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { kubernetesCrew, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, fence, Trial } from '../conformance/trial.ts'

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
beforeAll(async () => {
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place)))
})
afterAll(() => shop.close())
afterEach(() => crew.nothingLeft())

test('an image with one program and nothing else runs it, between our gate and our collector', async () => {
  const task = `id: a\nimage: ${inject('registry')}/pause:1\ntimeout: 2s\noutputs: {x: {path: x, optional: true}}`
  const { id } = await trial.run('scratch', [`${fence}yaml task\n${task}\n${fence}\n`])
  // It ends by nothing but its timeout, which counts from its start.
  expect(await trial.attempts(id)).toMatchObject([
    { state: 'failed', reason: 'timeout', started: true, infrastructureFailures: 0 },
  ])
})

test('what such a program leaves is brought away, and its end is told', async () => {
  const image = `${inject('registry')}/one-program:1`
  const { id, state } = await trial.run('one-program', [
    `${fence}yaml task\nid: a\nimage: ${image}\noutputs: {x: x}\n${fence}\n`,
    cell('id: b\nneeds: [a]\ninputs: {x: "${{ tasks.a.outputs.x }}"}', 'bash', 'cat "$DAGBOK_IN_X"'),
  ])
  expect([state, await shop.log(id, 'a'), await shop.log(id, 'b')]).toEqual(['succeeded', '', 'made\n'])
  expect(await trial.attempts(id)).toMatchObject([
    { task: 'a', state: 'succeeded', exitCode: 0 },
    { task: 'b', state: 'succeeded' },
  ])
})

/** A patch of what `main` is. */
const patched = (context: string) => `pod: {spec: {containers: [{name: main, securityContext: ${context}}]}}`

test('a root file system that is read-only takes nothing from a task: its places are writable', async () => {
  const script = `touch /x 2>/dev/null || echo refused
for place in "$HOME" "$TMPDIR" "$DAGBOK_OUT"; do echo yes > "$place/o"; done`
  const { id, state } = await trial.run('read-only', [
    cell(`id: a\noutputs: {o: o}\n${patched('{readOnlyRootFilesystem: true}')}`, 'bash', script),
    cell('id: b\nneeds: [a]\ninputs: {o: "${{ tasks.a.outputs.o }}"}', 'bash', 'cat "$DAGBOK_IN_O"'),
  ])
  expect([state, await shop.log(id, 'a'), await shop.log(id, 'b')]).toEqual([
    'succeeded',
    'refused\n',
    'yes\n',
  ])
})

test('another user’s id is that of all containers, so that what it writes is brought away', async () => {
  const ids = 'pod: {spec: {securityContext: {runAsUser: 2345, runAsGroup: 2345, fsGroup: 2345}}}'
  const { id, state } = await trial.run('other-user', [
    cell(`id: a\noutputs: {o: o}\n${ids}`, 'bash', 'umask 077; id -u | tee "$DAGBOK_OUT/o"'),
    cell('id: b\nneeds: [a]\ninputs: {o: "${{ tasks.a.outputs.o }}"}', 'bash', 'cat "$DAGBOK_IN_O"'),
  ])
  expect([state, await shop.log(id, 'a'), await shop.log(id, 'b')]).toEqual(['succeeded', '2345\n', '2345\n'])
})
