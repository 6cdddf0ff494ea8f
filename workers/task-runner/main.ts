/**
 * The agent in a task's pod: `gate` runs before the task's code, `outputs` beside it. It has the token of one attempt, talks
 * to the control plane only, and says why it failed where Kubernetes keeps the last words of a container. `worker-files FOLDER` gives
 * an image of tasks what a worker needs there, and talks to nobody.
 */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { agentSettings } from '#server/config/agent.ts'
import { openAgent } from './agent.ts'
import { passGate } from './gate.ts'
import { placeWorker } from './worker-files.ts'
import { collect, seenToEnd } from './outputs.ts'

const root = '/dagbok'
const lastWords = '/dev/termination-log'

/** Nobody ends it from here: its pod does. */
const never = new AbortController().signal

async function work(what: string | undefined, folder: string | undefined): Promise<void> {
  if (what === 'worker-files' && folder !== undefined) return placeWorker(folder)
  const agent = openAgent(agentSettings(), root, never)
  if (what === 'gate') {
    // Process 1 of a container is not ended by a signal that it does not know.
    process.once('SIGTERM', () => process.exit(143))
    return passGate(agent, existsSync(`${root}/report`))
  }
  if (what === 'outputs') {
    const told = new AbortController()
    const signal = new Promise<void>((done) => process.once('SIGTERM', () => done()))
    const over = Promise.race([signal, seenToEnd(agent, told.signal)]).finally(() => told.abort())
    // A promise alone keeps no process alive.
    const alive = setInterval(() => {}, 2 ** 30)
    return collect(agent, over).finally(() => clearInterval(alive))
  }
  throw new Error('the agent is started as `gate`, `outputs` or `worker-files FOLDER`')
}

try {
  await work(process.argv[2], process.argv[3])
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  console.error(message)
  await writeFile(lastWords, message).catch(() => {})
  process.exitCode = 1
}
