/** What tasks do in a test that wants them under way. */
import { afterEach } from 'vitest'
import { succeeds, type Behaviour } from './scripted-executor.ts'

/** Call it once at the top of a test file. */
export function untilOver() {
  let gates: (() => void)[] = []
  afterEach(() => {
    for (const open of gates) open()
    gates = []
  })
  const over = () => new Promise<void>((done) => gates.push(done))
  /** Goes on until the test is over, or it is asked to end. */
  const holds: Behaviour = async (_job, cancelled) => {
    await Promise.race([cancelled, over()])
    return succeeds()
  }
  return { holds, over }
}
