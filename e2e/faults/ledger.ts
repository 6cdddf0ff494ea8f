/**
 * The judge of the kill tests. User code appends one line to a ledger outside the product when it starts; what the product
 * says of its runs must agree with it.
 */
export interface Started {
  run: string
  task: string
  key: string
  attempt: number
}

export interface SeenRun {
  id: string
  state: string
  taskRuns: {
    task: string
    key: string | null
    state: string
    attempts: { n: number; state: string; reason: string | null }[]
  }[]
}

/** Lines `RUN TASK KEY ATTEMPT`; `-` is no key. */
export const readLedger = (text: string): Started[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [run = '', task = '', key = '', attempt = ''] = line.split(' ')
      return { run, task, key, attempt: Number(attempt) }
    })

const name = (run: string, task: string, key: string, attempt: number) => `${run} ${task} ${key} ${attempt}`

/**
 * Everything that is wrong, a sentence each (R1, R2): code that started twice, code that started for no attempt, an
 * attempt that succeeded without its code, a run that has not ended, an end of the worker that used a user's retry.
 */
export function judge(started: readonly Started[], runs: readonly SeenRun[], retries = 0): string[] {
  const faults: string[] = []
  const counts = new Map<string, number>()
  for (const { run, task, key, attempt } of started) {
    const one = name(run, task, key, attempt)
    counts.set(one, (counts.get(one) ?? 0) + 1)
  }
  for (const [one, count] of counts) if (count > 1) faults.push(`${one} started ${count} times`)
  const known = new Set<string>()
  for (const { id, state, taskRuns } of runs) {
    if (state !== 'succeeded') faults.push(`run ${id} is ${state}`)
    for (const { task, key, attempts } of taskRuns) {
      const failed = attempts.filter((one) => one.state === 'failed').length
      if (failed > retries) faults.push(`${id} ${task}: ${failed} failures of its own, ${retries} retries`)
      for (const attempt of attempts) {
        const one = name(id, task, key ?? '-', attempt.n)
        known.add(one)
        if (attempt.state === 'succeeded' && !counts.has(one))
          faults.push(`${one} succeeded without its code`)
        if (!['succeeded', 'failed', 'lost', 'cancelled'].includes(attempt.state))
          faults.push(`${one} is still ${attempt.state}`)
        if (attempt.state === 'lost' && attempt.reason !== 'worker_lost')
          faults.push(`${one} is lost for ${attempt.reason}`)
      }
    }
  }
  for (const one of counts.keys()) if (!known.has(one)) faults.push(`${one} started, and is no attempt`)
  return faults
}
