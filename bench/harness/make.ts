import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** GNU make is the machine's own. @returns why there are no figures of it; null: it is there */
export const missingMake = (): Promise<string | null> =>
  promisify(execFile)('make', ['--version']).then(
    () => null,
    (error: unknown) => `make left out: ${String(error).split('\n')[0]}`,
  )
