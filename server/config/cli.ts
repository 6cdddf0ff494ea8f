/** What the environment tells the command line. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

export interface CliEnvironment {
  /** Address of the product, and a token for it: each overrides what `dagbok login` kept. */
  url: string | null
  token: string | null
  /** Where `dagbok login` keeps its file. */
  configFolder: string
}

const given = (name: string): string | null => {
  const text = process.env[name]?.trim()
  return text === undefined || text === '' ? null : text
}

export function cliEnvironment(): CliEnvironment {
  // A relative XDG_CONFIG_HOME is to be ignored, says the standard.
  const home = given('XDG_CONFIG_HOME')
  const folder = home !== null && isAbsolute(home) ? home : join(homedir(), '.config')
  return { url: given('DAGBOK_URL'), token: given('DAGBOK_TOKEN'), configFolder: join(folder, 'dagbok') }
}
