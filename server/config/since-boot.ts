/** A clock that a machine which is put to sleep does not stop. */
import os from 'node:os'

/**
 * ms since this machine was booted, to some ten of them; never goes back. `performance.now()` leaves out the time for which
 * the machine slept: whoever asks whether others may have given something up meanwhile has to count it.
 */
export const sinceBoot = (): number => os.uptime() * 1000
