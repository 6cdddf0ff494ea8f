/** The performance guards as a stage: each bar is a check. */
import { reported, type Tally } from './stage.ts'

/** @throws Error when they end without a report */
export async function guardStage(): Promise<Tally> {
  if (process.platform !== 'linux')
    return {
      passed: 0,
      failed: 0,
      skipped: 1,
      failures: [],
      reasons: ['performance guards: they read /proc of Linux'],
    }
  return reported('bench/guards.ts', (file) => [file])
}
