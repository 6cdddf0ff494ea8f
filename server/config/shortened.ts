/**
 * A time that fault tests shorten, which wait for longer than it.
 * @param name of the variable that they set; it counts with the test switch `DAGBOK_TEST_FAULTS=1` alone
 * @param ms without it
 */
export const shortened = (name: string, ms: number): number =>
  process.env['DAGBOK_TEST_FAULTS'] === '1' ? Number(process.env[name] ?? ms) : ms
