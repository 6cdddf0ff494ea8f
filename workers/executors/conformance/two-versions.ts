/** The seed's case (R12): two versions whose modules have the same names and other contents never meet. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hasPython } from '../../testing/python.ts'
import { cell, type Trial } from './trial.ts'

const python =
  'import os\nfrom foo.bar import x\nprint(x)\nopen(os.environ["DAGBOK_OUT"] + "/said", "w").write(x)'
const javascript =
  'import { writeFileSync } from "node:fs"\nimport { x } from "./foo/bar.js"\nconsole.log(x)\nwriteFileSync(process.env.DAGBOK_OUT + "/said", x)'
const outputs = '\noutputs: {said: said}'

/** `hold` is before those that come last. */
const cells = (hold: string) => [
  cell(`id: js${outputs}`, 'javascript', javascript),
  cell('id: hold', 'bash', hold),
  cell(`id: js2\nneeds: [hold]${outputs}`, 'javascript', javascript),
  ...(hasPython ? inPython : []),
]
const inPython = [
  cell(`id: py${outputs}`, 'python', python),
  cell(`id: py2\nneeds: [hold]${outputs}`, 'python', python),
]
const [first, last] = hasPython
  ? [
      ['js', 'py'],
      ['js2', 'py2'],
    ]
  : [['js'], ['js2']]
const all = [...first, ...last]
const files = (n: number) => ({
  'd/foo/bar.py': `x = 'py v${n}'\n`,
  'd/foo/bar.js': `export const x = 'js v${n}'\n`,
})

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

/** Per task what it printed, and the SHA-256 of its output's bytes, as they lie in the store. */
async function left(trial: Trial, runId: string, tasks: readonly string[]): Promise<Record<string, string>> {
  const rows = await trial.db.client<{ task: string; hash: string }[]>`
    select t.task, o.hash from output o join attempt a on a.id = o.attempt_id join task_run t on t.id = a.task_run_id
    where a.run_id = ${runId}`
  const found: Record<string, string> = {}
  for (const task of tasks) {
    const parts: Buffer[] = []
    const hash = rows.find((row) => row.task === task)?.hash ?? ''
    for await (const part of await trial.shop.hosted.ctx.artifacts.read(hash)) parts.push(part as Buffer)
    found[task] = `${await trial.shop.log(runId, task)}${sha256(Buffer.concat(parts))} ${hash}`
  }
  return found
}

/** The same as version `n` leaves it. */
const expected = (n: number, tasks: readonly string[]) =>
  Object.fromEntries(
    tasks.map((task) => {
      const x = `${task.slice(0, 2)} v${n}`
      return [task, `${x}\n${sha256(x)} ${sha256(x)}`]
    }),
  )

export function keepsVersionsApart(trial: Trial): void {
  test("[R12] the seed's case: two versions whose foo/bar have other contents, v1 in the middle of its run", async () => {
    const { shop } = trial
    const barrier = await trial.barrier()
    const hold = `echo held; ${barrier.wait}`
    const tree = await trial.push('seed', cells(hold), files(1))
    const { id } = await shop.until(async () => {
      const [row] = await trial.db.client<{ id: string }[]>`
        select r.id from task_run t join run r on r.id = t.run_id join dag d on d.id = r.dag_id where d.name = 'seed'
        and ((t.task = any(${first}) and t.state = 'succeeded') or (t.task = 'hold' and t.state = 'running'))
        group by r.id having count(*) = ${first.length + 1}`
      return row
    })
    expect(await left(trial, id, first)).toEqual(expected(1, first))

    await tree.write({ 'd/seed.dag.md': trial.notebook('seed', cells('true')), ...files(2) })
    await tree.commit('Second')
    await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('r-seed'), 'main')
    const second = await shop.ended('seed', 2)
    expect([second.state, await left(trial, second.id, all)]).toEqual(['succeeded', expected(2, all)])
    expect(await left(trial, id, first)).toEqual(expected(1, first))

    await barrier.open()
    expect(await shop.ended('seed', 1)).toEqual({ id, state: 'succeeded' })
    expect(await left(trial, id, all)).toEqual(expected(1, all))
    const again = await trial.runOf('seed', 1)
    expect([again.state, await left(trial, again.id, all)]).toEqual(['succeeded', expected(1, all)])
    expect(again.id).not.toBe(id)
    expect(await left(trial, second.id, all)).toEqual(expected(2, all))
  })
}
