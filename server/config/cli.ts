/** What the environment tells the command line. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

export interface CliEnvironment {
  /** Address of the product, and a token for it: each overrides what `dagbok login` kept. */
  url: string | null
  token: string | null
  /** A token of workers, for `dagbok worker`. */
  workerToken: string | null
  /** Where `dagbok login` keeps its file. */
  configFolder: string
  /** Where `dagbok worker` works unless it is told otherwise. */
  workerFolder: string
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
    configFolder: folder('XDG_CONFIG_HOME', '.config'),
    workerFolder: join(folder('XDG_STATE_HOME', '.local/state'), 'worker'),
  }
}
