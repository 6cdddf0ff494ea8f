import { DagbokError } from '../../domain/errors/errors.ts'
import { whyNotKept, type Json } from '../../domain/json.ts'
import { checkParams as check } from '../../domain/run/params.ts'
import { within } from '../within.ts'

/**
 * The domain's `checkParams`, which a `pattern` of the author's that backtracks for ever does not hold up. Services check
 * by this one.
 * @throws DagbokError `bad_input`
 */
export function checkParams(
  schema: Record<string, Json>,
  given: Record<string, Json>,
  what = 'params',
): Record<string, Json> {
  const why = whyNotKept(given)
  if (why !== null) throw new DagbokError('bad_input', `The ${what} cannot be kept: ${why}.`)
  return within(
    () => check(schema, given, what),
    () =>
      new DagbokError(
        'bad_input',
        `The ${what} could not be checked: a \`pattern\` of theirs takes too long. Give shorter texts, or mend it in the notebook.`,
      ),
  )
}
