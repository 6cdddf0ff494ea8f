/** Processes started from Node without an engine: what the machine itself takes for them. */
import { spawn } from 'node:child_process'

/** ms until `count` processes have ended, so many at a time. @throws when one cannot be started, or fails */
export async function bareSpawns(
  [program = '', ...args]: readonly string[],
  count: number,
  slots: number,
): Promise<number> {
  const start = performance.now()
  let left = count
  const one = async () => {
    while (left-- > 0)
      await new Promise<void>((resolve, reject) => {
        spawn(program, args, { stdio: 'ignore' })
          .once('error', reject)
          .once('exit', (code) =>
            code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`)),
          )
      })
  }
  await Promise.all(Array.from({ length: slots }, one))
  return performance.now() - start
}

/** The smallest process there is, and the smallest of Node. */
export const [bareTrue, bareNode] = [['/bin/true'], [process.execPath, '-e', '0']]
