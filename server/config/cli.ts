/** What the environment tells the command line. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { DagbokError } from '../domain/errors/errors.ts'
import { settings } from './schema.ts'

export interface CliEnvironment {
  /** Address of the product, and a token for it: each overrides what `dagbok login` kept. */
  url: string | null
  token: string | null
  /** A token of workers, for `dagbok worker`. */
  workerToken: string | null
  /** What the machine of a worker is called, where that is not what it calls itself. */
  workerMachine: string | null
  /** Where `dagbok login` keeps its file. */
  configFolder: string
  /** Where `dagbok worker` works unless it is told otherwise. */
  workerFolder: string
}

/**
 * Bytes that must be free on the disks of `dagbok worker` for it to take something new.
 * @throws DagbokError `bad_input`
 */
export function leastFreeOfWorker(): number {
  const name = 'DAGBOK_MIN_FREE_BYTES'
  const result = settings[name].safeParse(given(name) ?? undefined)
  if (result.success) return result.data
  throw new DagbokError('bad_input', `${name} ${result.error.issues[0]?.message ?? 'is wrong'}.`)
}

const given = (name: string): string | null => {
  const text = process.env[name]?.trim()
  return text === undefined || text === '' ? null : text
}

export function cliEnvironment(): CliEnvironment {
  // One that is relative is to be ignored, says the standard.
  const folder = (name: string, otherwise: string) => {
    const path = given(name)
    return join(path !== null && isAbsolute(path) ? path : join(homedir(), otherwise), 'dagbok')
  }
  return {
    url: given('DAGBOK_URL'),
    token: given('DAGBOK_TOKEN'),
    workerToken: given('DAGBOK_WORKER_TOKEN'),
    workerMachine: given('DAGBOK_WORKER_MACHINE'),
    configFolder: folder('XDG_CONFIG_HOME', '.config'),
    workerFolder: join(folder('XDG_STATE_HOME', '.local/state'), 'worker'),
  }
}
