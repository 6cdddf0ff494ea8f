/** The wall clock with fractions of a millisecond, to compare with times that other processes wrote. */

/** How far `performance.now()` is from the wall clock: asked at a tick of the latter, whose steps are 1 ms. */
function offset(): number {
  for (const before = Date.now(); ;) {
    const now = Date.now()
    if (now !== before) return now - performance.now()
  }
}

const origin = offset()

/** Milliseconds since 1970. */
export const wallMs = (): number => origin + performance.now()
