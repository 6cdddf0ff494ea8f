import { DagbokError } from '../domain/errors/errors.ts'
import { secretNames, settingsSchema, type Settings } from './schema.ts'

type Environment = Record<string, string | undefined>

/** Replaces `NAME_FILE` by the file's content, for secrets. Faults are collected, not thrown. */
function withSecretFiles(
  environment: Environment,
  readFile: (path: string) => string,
  faults: string[],
): Environment {
  const out = { ...environment }
  for (const name of secretNames) {
    const path = environment[`${name}_FILE`]
    if (path === undefined || path === '') continue
    if (environment[name] !== undefined && environment[name] !== '') {
      faults.push(`${name} and ${name}_FILE are both set: keep one of them.`)
      continue
    }
    try {
      out[name] = readFile(path).trim()
    } catch {
      faults.push(`${name}_FILE: ${path} cannot be read.`)
    }
  }
  return out
}

/**
 * Reads the settings of an environment. An empty variable counts as not set.
 * @throws DagbokError `bad_input` whose message lists every fault, one a line, and whose details are that list
 */
export function readSettings(environment: Environment, readFile: (path: string) => string): Settings {
  const faults: string[] = []
  const complete = withSecretFiles(environment, readFile, faults)
  const given = Object.fromEntries(
    Object.entries(complete).filter(([, text]) => text !== undefined && text !== ''),
  )
  const result = settingsSchema.safeParse(given)
  if (!result.success)
    for (const issue of result.error.issues) faults.push(`${issue.path.join('.')} ${issue.message}.`)
  if (faults.length === 0 && result.success) return result.data
  throw new DagbokError(
    'bad_input',
    ['The configuration has faults:', ...faults.map((fault) => `  ${fault}`)].join('\n'),
    { details: faults },
  )
}

const loopback = /^(127(\.\d{1,3}){3}|localhost|::1|\[::1\])$/

/** Whether only this machine can reach a server that listens there. */
export const isLoopback = (host: string): boolean => loopback.test(host)
