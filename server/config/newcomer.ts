import { delimiter, sep } from 'node:path'
import { settings } from './schema.ts'

/** Names that say what to do to the product, or what npm is doing just now: a newcomer's shell has none of them. */
const ours = [
  ...Object.keys(settings).flatMap((name) => [name, `${name}_FILE`]),
  /^DAGBOK_/,
  /^XDG_/,
  /^npm_(lifecycle|package|command|execpath|node_execpath)/,
  'INIT_CWD',
]

/**
 * The environment of somebody who has just got here: the machine's, with its proxy, and these variables on top. Programs
 * that npm has put on the PATH from below `checkout` are not theirs.
 */
export function newcomersEnvironment(checkout: string, more: Record<string, string>): NodeJS.ProcessEnv {
  const theirs = Object.entries(process.env).filter(
    ([name]) => !ours.some((one) => (typeof one === 'string' ? one === name : one.test(name))),
  )
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((one) => !one.startsWith(checkout + sep))
  const env: NodeJS.Dict<string> = { ...Object.fromEntries(theirs), PATH: path.join(delimiter), ...more }
  return env as NodeJS.ProcessEnv
}
