import { Progress } from './progress.ts'

export interface Side {
  name: string
  /** ms of one round. */
  once: () => Promise<number>
}

/**
 * All sides in turn, `rounds` times, by default after a first round that does not count.
 * @returns the ms of each side, by its name
 */
export async function inTurn(
  sides: Side[],
  rounds: number,
  what: string,
  { warmUp }: { warmUp: boolean } = { warmUp: true },
): Promise<Map<string, number[]>> {
  const values = new Map(sides.map(({ name }) => [name, [] as number[]]))
  const progress = new Progress(what, rounds)
  for (let i = warmUp ? -1 : 0; i < rounds; i++) {
    for (const { name, once } of sides) {
      const value = await once()
      if (i >= 0) values.get(name)?.push(value)
    }
    if (i >= 0) progress.step()
  }
  progress.end()
  return values
}
