import { distance } from 'fastest-levenshtein'

/** The candidate that was probably meant: at most a third of the word apart; undefined when none is near. */
export function guess(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue
    const apart = distance(word, candidate)
    if (apart < least) [best, least] = [candidate, apart]
  }
  return best
}
