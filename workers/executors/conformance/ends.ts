/** How attempts end, whatever ends them: by themselves, by a person, with their executor, or not at all. */
import { expect, test } from 'vitest'
import { requestCancel } from '#db/queries/run-state.ts'
import { hasPython } from '../../testing/python.ts'
import { attemptEnd } from '../executor.ts'
import { cell, commandsLike, fence, goneFrom, nap, napping, type Trial } from './trial.ts'

const inPython = [
  cell('id: pyexit', 'python', 'import sys\nsys.exit(4)'),
  cell('id: pyraise', 'python', 'raise ValueError("no")'),
]
const endsInPython = {
  pyexit: ['failed', 'user_error', 4, null],
  pyraise: ['failed', 'user_error', 1, null],
}
const raised = hasPython
  ? {
      task: 'pyraise',
      words:
        /^Traceback \(most recent call last\):\n  File "[^"]*", line 1, in <module>\n[^]*ValueError: no\n$/,
    }
  : { task: 'jsthrow', words: /Error: no\n {4}at / }

/** In a language whose interpreter is started before it is needed. */
const printing: [lang: string, script: string] = hasPython
  ? ['python', 'print("ran")']
  : ['javascript', 'console.log("ran")']

/** What hangs on how a script's interpreter is started. */
export function endsScripts(trial: Trial): void {
  test('ends are told apart: exit code, signal, timeout, missing output, missing program, memory', async () => {
    const { manner } = trial
    const { id } = await trial.run('ends', [
      cell('id: code', 'bash', 'exit 3'),
      cell('id: pipe', 'bash', 'false | true'),
      ...(manner.isInit ? [] : [cell('id: killed', 'bash', 'kill -9 $$')]),
      cell('id: late\ntimeout: 300ms', 'bash', 'sleep 600'),
      cell('id: left\noutputs: {x: x.txt}', 'bash', 'true'),
      cell('id: link\noutputs: {x: x.txt}', 'bash', 'ln -s /etc/passwd "$DAGBOK_OUT/x.txt"'),
      `${fence}yaml task\nid: none\ncommand: [no-such-program]\n${fence}\n`,
      cell('id: shell\nshell: no-such-shell', 'r', 'x'),
      cell(
        'id: big\nresources: {memory: 64Mi}',
        'javascript',
        'const all = []; setInterval(() => all.push(Buffer.alloc(2 ** 24, 1)), 5)',
      ),
      cell('id: bad', 'bash', 'echo nonsense >> "$DAGBOK_VALUES"'),
      ...(hasPython ? inPython : []),
      cell('id: jsexit', 'javascript', 'process.exit(5)'),
      cell('id: jsthrow', 'javascript', 'throw new Error("no")'),
    ])
    const attempts = await trial.attempts(id)
    const rows = Object.fromEntries(
      attempts.map((row) => [row.task, [row.state, row.reason, row.exitCode, row.signal]]),
    )
    expect(rows).toEqual({
      code: ['failed', 'user_error', 3, null],
      pipe: ['failed', 'user_error', 1, null],
      ...(manner.isInit ? {} : { killed: ['failed', 'killed', null, 'SIGKILL'] }),
      late: ['failed', 'timeout', null, manner.isInit ? 'SIGKILL' : 'SIGTERM'],
      left: ['failed', 'missing_output', 0, null],
      link: ['failed', 'missing_output', 0, null],
      none: ['failed', 'bad_config', null, null],
      shell: ['failed', 'bad_config', null, null],
      big: ['failed', 'oom', null, 'SIGKILL'],
      bad: ['failed', 'user_error', 0, null],
      ...(hasPython ? endsInPython : {}),
      jsexit: ['failed', 'user_error', 5, null],
      jsthrow: ['failed', 'user_error', 1, null],
    })
    expect(attempts.find(({ task }) => task === 'shell')?.message).toContain(manner.noProgram)
    expect(await trial.shop.log(id, raised.task)).toMatch(raised.words)
    expect(await trial.shop.log(id, 'jsthrow')).toContain('Error: no\n    at ')
  })

  test('[R1] behind a start gate that stays shut no code starts', async () => {
    const refused = ['refused', 'refused-warm']
    for (const task of refused) trial.shop.shut.add(task)
    const { id } = await trial.run('gated', [
      cell('id: open', ...printing),
      cell('id: refused\ninfrastructure_retries: 0', 'bash', 'echo ran'),
      cell('id: refused-warm\ninfrastructure_retries: 0\nneeds: [open]', ...printing),
    ])
    trial.shop.shut.clear()
    expect(await trial.attempts(id)).toMatchObject([
      { task: 'open', state: 'succeeded', started: true },
      { task: 'refused', ...trial.manner.refused, started: false },
      { task: 'refused-warm', ...trial.manner.refused, started: false },
    ])
    for (const task of refused) expect(await trial.shop.log(id, task)).toBe('')
  })
}

export function endsByItself(trial: Trial): void {
  test('[R7] what does not start in time is lost, and its code never ran', async () => {
    const { id } = await trial.run('unstarted', [
      cell('id: slow\nstart_timeout: 1ms\nretries: 3\ninfrastructure_retries: 0', 'bash', 'echo ran'),
    ])
    expect(await trial.attempts(id)).toMatchObject([
      { state: 'lost', reason: 'infrastructure_unknown', started: false, taskState: 'failed' },
    ])
    expect(await trial.shop.log(id, 'slow')).toBe('')
  })

  test('every attempt says what it used: processor time and memory, of all its processes', async ({
    skip,
  }) => {
    skip(!trial.manner.measures, 'a kubelet tells nobody who has no right to its node')
    const { id } = await trial.run('used', [
      cell(
        'id: work',
        'bash',
        'node -e "const held = Buffer.alloc(2 ** 26, 1); while (process.cpuUsage().user < 3e5) held[0]++" | cat',
      ),
    ])
    const [row] = await trial.db.client<{ cpu: number; memory: number }[]>`
        select cpu_seconds as cpu, memory_peak::float8 as memory from attempt where run_id = ${id}`
    expect(row?.cpu).toBeGreaterThan(0.1)
    expect(row?.memory).toBeGreaterThan(2 ** 26)
  })

  test('what a task leaves running does not outlive it, and a timeout of a month is no timeout at once', async () => {
    const { state } = await trial.run('leaves', [
      cell(
        'id: leave\ntimeout: 30d',
        'bash',
        `setsid sleep ${nap(60_005)} > /dev/null 2>&1 &\nsleep ${nap(60_006)} &`,
      ),
    ])
    expect(state).toBe('succeeded')
    expect(await commandsLike(napping(60_005, 60_006))).toEqual([])
  })
}

export function isEnded(trial: Trial): void {
  test('cancel ends the whole process group, and what has left it', async () => {
    const holds = `setsid sleep ${nap(60_001)} &\nsleep ${nap(60_002)} &\necho started\ntrap "" TERM\nwhile true; do sleep ${nap(60_003)}; done`
    await trial.push('cancel', [cell('id: hold', 'bash', holds)])
    const { run } = await trial.spoken('cancel')
    await requestCancel(trial.db, run, null)
    await trial.db.client`select pg_notify('dagbok_work', '')`
    expect(await trial.shop.ended('cancel', 1)).toMatchObject({ state: 'cancelled' })
    expect(await trial.attempts(run)).toMatchObject([{ state: 'cancelled', reason: 'cancel_requested' }])
    expect(await commandsLike(napping(60_001, 60_002, 60_003))).toEqual([])
  })

  test('[R3] a fenced attempt is ended, and its end and its outputs are refused', async () => {
    await trial.push('fenced', [
      cell(
        'id: hold\ninfrastructure_retries: 0\noutputs: {x: x}',
        'bash',
        `echo a > "$DAGBOK_OUT/x"; echo on; sleep ${nap(60_008)}`,
      ),
    ])
    const { token, run, attempt } = await trial.spoken('fenced')
    expect(await trial.shop.sink.ended(token, attemptEnd('lost', 'worker_lost', null))).toBe(true)
    expect(await trial.shop.ended('fenced', 1)).toMatchObject({ state: 'failed' })
    await goneFrom(napping(60_008))
    expect(await trial.shop.sink.ended(token, attemptEnd('succeeded', null, null))).toBe(false)
    expect(await trial.attempts(run)).toMatchObject([{ state: 'lost', reason: 'worker_lost' }])
    expect(await trial.db.client`select 1 from output where attempt_id = ${attempt}`).toHaveLength(0)
  })
}

/** Its first attempt goes on for ever, with a process that has left its group; the second says so and ends. */
const twice = (id: string, sleep: number, keys: string) =>
  cell(
    `id: ${id}\n${keys}`,
    'bash',
    `echo "attempt $DAGBOK_ATTEMPT"\nif [ "$DAGBOK_ATTEMPT" = 1 ]; then setsid sleep ${nap(sleep)} & sleep ${nap(sleep)}; fi`,
  )

const adopted = 'attempts go on without their executor, and are found again'

export function losesItsExecutor(trial: Trial): void {
  test('[R1] an executor that died leaves nothing running; its attempts are lost, which uses no retry', async ({
    skip,
  }) => {
    skip(trial.manner.adopts, adopted)
    await trial.push('orphaned', [twice('hold', 60_007, 'retries: 0')])
    const { run } = await trial.spoken('orphaned')
    await trial.shop.crash()
    expect(await trial.shop.ended('orphaned', 1)).toMatchObject({ state: 'succeeded' })
    expect(await commandsLike(napping(60_007))).toEqual([])
    expect(await trial.attempts(run)).toMatchObject([
      { n: 1, state: 'lost', reason: 'worker_lost', userFailures: 0, infrastructureFailures: 1 },
      { n: 2, state: 'succeeded' },
    ])
    expect(await trial.shop.log(run, 'hold')).toBe('attempt 2\n')
  })

  test('an executor that is stopped ends what runs as `worker_stopped`, which uses no budget', async ({
    skip,
  }) => {
    skip(trial.manner.adopts, adopted)
    await trial.push('halted', [twice('hold', 60_009, 'retries: 0\ninfrastructure_retries: 0')])
    const { run } = await trial.spoken('halted')
    await trial.shop.restart()
    expect(await commandsLike(napping(60_009))).toEqual([])
    expect(await trial.shop.ended('halted', 1)).toMatchObject({ state: 'succeeded' })
    expect(await trial.attempts(run)).toMatchObject([
      {
        n: 1,
        state: 'lost',
        reason: 'worker_stopped',
        message: expect.stringContaining('begins again, as a new attempt') as string,
        userFailures: 0,
        infrastructureFailures: 0,
      },
      { n: 2, state: 'succeeded' },
    ])
  })
}
