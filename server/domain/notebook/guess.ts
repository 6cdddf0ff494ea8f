import { distance } from 'fastest-levenshtein'

/** Two neighbouring letters in each other's place: one slip of the fingers, though two letters differ. */
function isSwap(word: string, candidate: string): boolean {
  if (word.length !== candidate.length) return false
  let at = 0
  while (at < word.length && word[at] === candidate[at]) at++
  return (
    word.slice(at + 2) === candidate.slice(at + 2) &&
    word[at] === candidate[at + 1] &&
    word[at + 1] === candidate[at]
  )
}

/** How many letters two words begin with alike. */
function alike(a: string, b: string): number {
  let n = 0
  while (n < a.length && a[n] === b[n]) n++
  return n
}

/**
 * The candidate that was probably meant: at most a third of the word apart, of two that are as near the one that begins
 * alike for longer; undefined when none is near.
 */
export function guess(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let most = Math.max(1, Math.floor(word.length / 3))
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > most) continue
    const apart = isSwap(word, candidate) ? 1 : distance(word, candidate)
    if (apart > most || (apart === most && best !== undefined && alike(word, candidate) <= alike(word, best)))
      continue
    ;[best, most] = [candidate, apart]
  }
  return best
}
