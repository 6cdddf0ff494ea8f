/** Ready file of a product that runs already and that the browser tests are for; null where they start one. */
export const runningProduct = (): string | null => process.env['DAGBOK_TEST_READY'] ?? null
