/** The rules that every executor keeps: the same notebooks, the same outcomes (engine.md, "Executors"). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import type { Crew, Place } from '../../testing/crew.ts'
import { hasPython, noPython } from '../../testing/python.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { givesScripts, takesBytes, type Bulk } from './contract.ts'
import { endsByItself, endsScripts, isEnded, losesItsExecutor } from './ends.ts'
import { keepsSecrets } from './secrets.ts'
import { cell, Trial, type Subject } from './trial.ts'
import { keepsVersionsApart } from './two-versions.ts'
import { bringsUsedFiles } from './used-components.ts'

/** 100 MB of log and 1 GB of output, and a third of them in memory at most. */
const whole: Bulk = { log: 1e8, output: 1e9, growth: 400 }

/** What an executor has instead of what tasks of this machine have. */
type More = Pick<Subject, 'image' | 'barrier' | 'manner' | 'defaults'>

type Hire = (place: Place) => Promise<Crew>

/** The trial of a workshop of its own. */
function openTrial(executor: string, hire: Hire, more: More = {}): Trial {
  const { database } = testDatabase()
  let shop: Workshop
  const trial = new Trial({ executor, database, shop: () => shop, ...more })
  beforeAll(async () => {
    shop = await openWorkshop(database(), hire)
  })
  afterAll(() => shop.close())
  return trial
}

/** The rules that hang on how an executor starts the interpreter of a script. Call it at the top of a test file. */
export function startsScripts(executor: string, hire: Hire): void {
  const trial = openTrial(executor, hire)
  givesScripts(trial)
  keepsVersionsApart(trial)
  endsScripts(trial)
  ownId(trial)
  inPythonToo(trial)
}

/**
 * All the rules. Call it at the top of a test file.
 * @param executor its name in a notebook
 * @param hire starts it at a place
 * @param bulk what it must carry in bounded memory
 * @param more what it has instead of what tasks of this machine have
 */
export function keepsTheContract(executor: string, hire: Hire, bulk: Bulk = whole, more: More = {}): void {
  const trial = openTrial(executor, hire, more)
  givesAndTakes(trial, bulk)
  describe('tells how a task ended', () => {
    endsScripts(trial)
    endsByItself(trial)
  })
  describe('ends what must end', () => {
    isEnded(trial)
  })
  describe('may end itself', () => {
    losesItsExecutor(trial)
  })
  ownId(trial)
  inPythonToo(trial)
}

function givesAndTakes(trial: Trial, bulk: Bulk): void {
  describe('gives a task what it needs and takes what it leaves', () => {
    givesScripts(trial)
    takesBytes(trial, bulk)
    keepsSecrets(trial)
    keepsVersionsApart(trial)
    bringsUsedFiles(trial)
  })
}

/** Says that a summary without it is not the whole of the rules. */
function inPythonToo(trial: Trial): void {
  test('all of it holds for scripts in Python, too', async ({ skip }) => {
    skip(!hasPython, noPython)
    const rows = await trial.db.client<{ task: string }[]>`
      select distinct task from task_run where task like 'py%' and state = 'succeeded' order by task`
    expect(rows.map(({ task }) => task)).toEqual(['py', 'py2', 'pyfile'])
  })
}

const whoInPython = 'import os\nprint(os.getuid(), os.getgid(), os.getgroups())'

function ownId(trial: Trial): void {
  test('as root, tasks run under an id of their own and reach nothing of the product', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'not as root, a task has the id of the product')
    const { hosted } = trial.shop
    const runtime = trial.shop.runtime()
    const { id, state } = await trial.run('root', [
      cell(
        'id: who',
        'bash',
        `id -u; for d in ${hosted.folder}/repositories ${runtime}/attempts ${runtime}/versions; do ls $d 2>&1 || true; done; node -e 'console.log(process.version)'`,
      ),
      ...(hasPython ? [cell('id: who-py', 'python', whoInPython)] : []),
      cell(
        'id: who-js',
        'javascript',
        'console.log(process.getuid(), process.getgid(), String(process.getgroups()))',
      ),
    ])
    expect(state).toBe('succeeded')
    const log = await trial.shop.log(id, 'who')
    const { id: own, groups, apart } = trial.manner.own
    expect(log.split('\n')[0]).toBe(own)
    expect(log.match(apart)).toHaveLength(3)
    expect(log).toContain(process.version)
    // Node names the group itself among its groups.
    const inNode = { 'who-js': `${own} ${own} ${own}\n` }
    const expected = hasPython ? { ...inNode, 'who-py': `${own} ${own} ${groups}\n` } : inNode
    const said: Record<string, string> = {}
    for (const task of Object.keys(expected)) said[task] = await trial.shop.log(id, task)
    expect(said).toEqual(expected)
  })
}
