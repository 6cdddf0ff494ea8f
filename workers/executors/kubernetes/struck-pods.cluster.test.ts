/**
 * Attempts under way while things go wrong around them, at random: none is lost, none begins twice, none is stuck, nothing is left
 * (R1, R5). `npm run soak -- cluster` has 500 of them; DAGBOK_SEED repeats the same order of what goes wrong.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { trials } from '#server/config/trials.ts'
import { randomFrom } from '../../../e2e/faults/random.ts'
import { kubernetesCrew, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { mended, podsAtOnce, strike, takenAway } from './testing/strikes/strikes.ts'

const { count, seed } = trials(24)
/** Attempts of a run where nothing goes wrong, and runs at once. */
const ofRun = 6
const abreast = podsAtOnce / ofRun

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
beforeAll(async () => {
  const more = { assume_dead: 10, cpu: 0.05, pods: podsAtOnce }
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place, more)))
})
afterAll(async () => {
  await mended()
  await shop.close()
})

/** Never for want of tries: what goes wrong is not the tasks' fault. */
const patient = 'infrastructure_retries: 100\nretries: 0'

/** Six tasks: how each ends, whatever happens around it, and what its log then is. */
function tasks(say: string) {
  const lines = (n: number) => Array.from({ length: n }, (_, i) => `line ${i + 1}\n`).join('')
  const counting = (n: number, more = '') => `${say}; for i in $(seq ${n}); do echo "line $i"; ${more} done`
  return {
    cells: [
      cell(`id: quick\n${patient}`, 'bash', counting(3)),
      cell(`id: slow\n${patient}`, 'bash', counting(8, 'sleep 1;')),
      cell(
        `id: made\n${patient}\noutputs: {x: x.txt}`,
        'bash',
        `${counting(2)}; echo yes > "$DAGBOK_OUT/x.txt"`,
      ),
      cell(
        `id: used\n${patient}\nneeds: [made]\ninputs: {x: "\${{ tasks.made.outputs.x }}"}`,
        'bash',
        `${say}; cat "$DAGBOK_IN_X"`,
      ),
      cell(`id: wrong\n${patient}`, 'bash', `${counting(2)}; exit 3`),
      cell(
        `id: big\n${patient}\nresources: {memory: 48Mi}`,
        'bash',
        `${say}; echo "line 1"; exec python3 -c 'b"x" * 10**9'`,
      ),
    ],
    ends: {
      quick: ['succeeded', null, lines(3)],
      slow: ['succeeded', null, lines(8)],
      made: ['succeeded', null, lines(2)],
      used: ['succeeded', null, 'yes\n'],
      wrong: ['failed', 'user_error', lines(2)],
      big: ['failed', 'oom', 'line 1\n'],
    },
  }
}

interface Row {
  id: string
  task: string
  n: number
  state: string
  reason: string | null
  started: boolean
}

const attemptsOf = (run: string) => database().client<Row[]>`
  select a.id, t.task, a.n, a.state, a.reason, a.started_at is not null as started
  from attempt a join task_run t on t.id = a.task_run_id where a.run_id = ${run} order by t.task, a.n`

/** Said in a log whose container is gone: it had ended, and somebody took its pod away at once. */
const cut = /\n?\[the rest of the log is missing: its container was taken away .*\]\n$/
let cuts = 0

/** How each task of a run ended at last. Of a log that was cut off, what there is must be its begin. */
async function endsOf(run: string, ends: ReturnType<typeof tasks>['ends']) {
  const last = new Map((await attemptsOf(run)).map((row) => [row.task, row]))
  const all = [...last.values()].map(async ({ task, state, reason }) => {
    const log = await shop.log(run, task)
    const whole = String(ends[task as keyof typeof ends][2])
    const isCut = cut.test(log) && whole.startsWith(log.replace(cut, ''))
    if (isCut) cuts++
    return [task, [state, reason, isCut ? whole : log]] as const
  })
  return Object.fromEntries(await Promise.all(all))
}

test(
  `[R1] [R5] ${count} attempts with things that go wrong around them, from seed ${seed}`,
  async () => {
    const { say, counts } = await podStarts()
    const { cells, ends } = tasks(say)
    const enough = new AbortController()
    const struck = strike({ crew, random: randomFrom(seed) }, enough.signal)
    const all: Row[] = []
    const work = async (dag: string) => {
      await trial.push(dag, cells)
      for (let first = true; all.length < count; first = false) {
        const { id } = first ? await shop.ended(dag, 1) : await trial.runOf(dag, 1)
        expect(await endsOf(id, ends)).toEqual(ends)
        all.push(...(await attemptsOf(id)))
      }
    }
    try {
      await Promise.all(Array.from({ length: abreast }, (_, i) => work(`struck${i}`)))
    } finally {
      enough.abort()
      const done = [...(await struck)].map(([name, often]) => `${often} × ${name}`)
      const kinds = Object.groupBy(all, ({ state, reason }) =>
        reason === null ? state : `${state}, ${reason}`,
      )
      const came = Object.entries(kinds).map(([kind, rows]) => `${rows?.length ?? 0} ${kind}`)
      console.log(`${all.length} attempts: ${came.join('; ')}; ${cuts} logs cut off\n${done.join('\n')}`)
    }
    // The code of an attempt begins at most once, and never of one whose gate did not open.
    const wrong = all.filter(({ id, started, state }) => {
      const begun = counts.get(id) ?? 0
      return begun > 1 || (begun === 1 && !started) || (begun === 0 && state === 'succeeded')
    })
    expect(wrong).toEqual([])
    // Only of a pod that somebody else took away, by force or with its node.
    expect(cuts).toBeLessThanOrEqual(takenAway(await struck))
    await crew.nothingLeft()
  },
  60_000 * (5 + count / 5),
)
