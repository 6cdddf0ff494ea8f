/** The log of an attempt that is lost: what its task says all the time, and that it is kept but for the last 5 s (R8). */
import { expect } from 'vitest'
import type { Trial } from '../../conformance/trial.ts'

/** Bash that says a number and the time five times a second, until it is ended. */
export const talks = 'n=0; while :; do n=$((n + 1)); echo "$n $(date +%s%3N)"; sleep 0.2; done'

const mostLostMs = 5000
/** Lines that take longer to be said than may be lost. */
const enough = 40

/** What of that a log has; `at` in ms since the epoch. */
const saidIn = (log: string): { n: number; at: number }[] =>
  [...log.matchAll(/^(\d+) (\d{13})$/gm)].map(([, n, at]) => ({ n: Number(n), at: Number(at) }))

const keptOf = async (trial: Trial, run: string) => saidIn(await trial.shop.log(run, 'hold', 1))

/** Resolves when more of what the first attempt of `hold` says is in the store than may be lost, with its run. */
export async function hasTalked(trial: Trial, dag: string): Promise<string> {
  const { run } = await trial.spoken(dag)
  return trial.shop.until(async () => ((await keptOf(trial, run)).length >= enough ? run : null))
}

/** Each line of the first attempt of `hold` is there, once, up to 5 s before it was struck. @param at ms since the epoch */
export async function expectKept(trial: Trial, run: string, at: number): Promise<void> {
  const lines = await keptOf(trial, run)
  expect(lines.map(({ n }) => n)).toEqual(lines.map((_, i) => i + 1))
  expect(at - (lines.at(-1)?.at ?? 0)).toBeLessThan(mostLostMs)
}
