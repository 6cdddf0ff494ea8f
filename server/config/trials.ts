/** How many trials a fault test makes, and from which seed: `npm run soak` asks for more, a failing seed is given again. */
export function trials(otherwise: number): { count: number; seed: number } {
  const number = (name: string, fallback: number) => {
    const given = Number(process.env[name] ?? fallback)
    return Number.isSafeInteger(given) && given > 0 ? given : fallback
  }
  return { count: number('DAGBOK_TRIALS', otherwise), seed: number('DAGBOK_SEED', 1) }
}
