/** What an attempt has left, without secrets of its team (S6). What lies in the files of its outputs is the author's. */
import { mapTexts } from '#server/domain/json.ts'
import type { SecretMatcher } from '#server/domain/secret/secret-matcher.ts'
import type { AttemptEnd } from './executor.ts'

type Results = Pick<AttemptEnd, 'metrics' | 'values'>

/** Names that are declared stand in the notebook for all to read. Others that hold one are left out: two might become the same. */
function namedWell<Row extends { name: string; declared: boolean }>(
  rows: readonly Row[],
  without: (text: string) => string,
): Row[] {
  return rows.filter(({ name, declared }) => declared || without(name) === name)
}

/** Values and metrics alone. */
export function resultsWithout<All extends Results>(results: All, matcher: SecretMatcher): All {
  if (matcher.isIdle) return results
  const without = (text: string) => matcher.without(text)
  return {
    ...results,
    metrics: namedWell(results.metrics, without),
    values: namedWell(results.values, without).map((one) => ({
      ...one,
      value: mapTexts(one.value, without, without),
    })),
  }
}

export function endWithout(end: AttemptEnd, matcher: SecretMatcher): AttemptEnd {
  if (matcher.isIdle) return end
  return {
    ...resultsWithout(end, matcher),
    message: end.message === null ? null : matcher.without(end.message),
  }
}
