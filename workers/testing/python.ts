/** For tests: whether this machine has a `python3`, which nothing of the product needs. */
import { spawnSync } from 'node:child_process'
import { childEnvironment } from '#server/config/environment.ts'
import { gitPath } from '#server/config/git.ts'

/** Whether tasks of the product find one. */
export const hasPython =
  spawnSync('python3', ['-c', ''], { env: childEnvironment({ PATH: gitPath() }), stdio: 'ignore' }).status ===
  0

/** What a skipped test gives as its reason. */
export const noPython = 'there is no python3 here'
