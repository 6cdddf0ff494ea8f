/** Medians, percentiles and ratios: what every workload reports with. */

/** The `q`-quantile (0 to 1) by linear interpolation between closest ranks. Throws on an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]
  const high = sorted[Math.ceil(at)]
  if (low === undefined || high === undefined) throw new Error('no values to take a quantile of')
  // Of a run that failed the time is infinite, and a share of nothing of it no number.
  return low === high ? low : low + (high - low) * (at - Math.floor(at))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Three significant digits: more would promise more than a shared machine can hold. */
export const round = (value: number): number => Number(value.toPrecision(3))

/** The columns of nearly every figure that was measured in ms. */
export const spread = (values: readonly number[]) => ({
  'p50 ms': round(median(values)),
  'p95 ms': round(quantile(values, 0.95)),
})

/** Ours and a peer's value of one round, in the same unit, and ours ÷ peer. */
export interface Pair {
  ours: number
  peer: number
  ratio: number
}

export interface Compared {
  peer: string
  pairs: Pair[]
}

/** One line of a table; `pairs` is what its ratios were taken from, and no column. */
export interface Row {
  [column: string]: string | number | Compared[] | undefined
  pairs?: Compared[]
}

/** @throws when a round has only one of the two */
function pairsOf(ours: readonly number[], peer: readonly number[]): Pair[] {
  if (ours.length !== peer.length)
    throw new Error(`${ours.length} values have ${peer.length} to compare with`)
  return ours.map((value, i) => {
    const other = peer[i] ?? Number.NaN
    return { ours: value, peer: other, ratio: value === other ? 1 : value / other }
  })
}

/** Median of ours ÷ peer, pair by pair: what drifts with the machine drifts in both. @throws as `pairsOf` */
export const pairRatio = (ours: readonly number[], peer: readonly number[]): number =>
  median(pairsOf(ours, peer).map(({ ratio }) => ratio))

const rounded = ({ ours, peer, ratio }: Pair): Pair => ({
  ours: round(ours),
  peer: round(peer),
  ratio: round(ratio),
})

/**
 * Ratios of one side to others, values by peer: a column `÷ PEER` for each, and the pairs behind it. A peer without values
 * has none, and to itself a side has no pairs.
 */
export function compare(ours: readonly number[], peers: Record<string, readonly number[] | undefined>): Row {
  const there = Object.entries(peers).filter(
    (entry): entry is [string, readonly number[]] => (entry[1]?.length ?? 0) > 0,
  )
  const pairs = there
    .filter(([, values]) => values !== ours)
    .map(([peer, values]) => ({ peer, pairs: pairsOf(ours, values).map(rounded) }))
  return {
    ...Object.fromEntries(there.map(([peer, values]) => [`÷ ${peer}`, round(pairRatio(ours, values))])),
    ...(pairs.length === 0 ? {} : { pairs }),
  }
}
