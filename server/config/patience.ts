/** How long the product waits for what it depends on, before it says that there is no answer (R7). */
import { shortened } from './shortened.ts'

/** ms that a statement may go without the answer of Postgres. */
export const statementMs = shortened('DAGBOK_TEST_STATEMENT_MS', 60_000)

/** ms that a call of git may take. */
export const gitMs = shortened('DAGBOK_TEST_GIT_MS', 120_000)

/** ms that a git which serves a push or a fetch may be silent: of a large repository it counts objects for a while. */
export const gitSilenceMs = shortened('DAGBOK_TEST_GIT_SILENCE_MS', 600_000)

/**
 * ms that a call of an artifact store behind a network is tried for: it may be away for a minute while tasks write their logs
 * and outputs (R8).
 */
export const storeMs = shortened('DAGBOK_TEST_STORE_MS', 120_000)

/** The same where somebody waits for a page. */
export const storeShownMs = storeMs / 6

/** Bytes in a ms with which a network to such a store counts as slow, and not as hanging: what brings bytes has more time. */
export const storeSlowest = shortened('DAGBOK_TEST_STORE_SLOWEST', 250)

/** ms after which one request of such a call is given up, and made anew. */
export const storeTryMs = storeMs / 4
