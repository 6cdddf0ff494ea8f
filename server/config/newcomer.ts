import { settings } from './schema.ts'

/** Names that say what to do to the product, or what npm is doing just now: a newcomer's shell has none of them. */
const ours = [
  ...Object.keys(settings).flatMap((name) => [name, `${name}_FILE`]),
  /^DAGBOK_/,
  /^XDG_/,
  /^npm_(lifecycle|package|command|execpath|node_execpath)/,
  'INIT_CWD',
]

/** The environment of somebody who has just got here: the machine's, with its proxy, and these variables on top. */
export const newcomersEnvironment = (more: Record<string, string>): NodeJS.ProcessEnv => {
  const theirs = Object.entries(process.env).filter(
    ([name]) => !ours.some((one) => (typeof one === 'string' ? one === name : one.test(name))),
  )
  return { ...Object.fromEntries(theirs), ...more } as NodeJS.ProcessEnv
}
