/** How a command ends: the codes that scripts can rely on. */
import { CommanderError } from 'commander'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { plain } from '../print/output.ts'

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 4,
  interrupted: 130,
} as const

/** What each means, for the help and the manual. */
export const exitMeanings: readonly (readonly [number, string])[] = [
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'not done; with the options that ask for it, a run failed or a comparison regressed'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.notSignedIn, 'not signed in, or the token is not valid'],
  [exitCodes.interrupted, 'ended by Ctrl-C; a run that was watched goes on'],
]

/** A command line that cannot be understood: what is wrong in it, and what to write instead. */
export class UsageError extends Error {}

/** The exit code of what a command threw; what is to be said goes to `tell`. */
export function exitCodeOf(error: unknown, tell: (line: string) => void): number {
  // Commander has said what was wrong; help and version are no faults.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const message = error instanceof Error ? error.message : String(error)
  // It may hold texts of others: line by line, without what a terminal would take for a command.
  tell(`dagbok: ${message.split('\n').map(plain).join('\n')}`)
  if (error instanceof UsageError) return exitCodes.usage
  return error instanceof DagbokError && error.code === 'unauthenticated'
    ? exitCodes.notSignedIn
    : exitCodes.failed
}
