import { DagbokError } from '../../domain/errors/errors.ts'
import { roundedWithin, whyNotKept, type Json } from '../../domain/json.ts'
import { checkParams as check } from '../../domain/run/params.ts'
import { within } from '../within.ts'

/** A param that is declared `number` is a double, and 1e18 is one of them. */
function whyRounded(schema: Record<string, Json>, given: Record<string, Json>): string | null {
  const declared = schema['properties'] as Record<string, Record<string, Json>> | undefined
  for (const [name, value] of Object.entries(given)) {
    const rounded = declared?.[name]?.['type'] === 'number' ? null : roundedWithin(value)
    if (rounded !== null)
      return `'${name}' holds ${rounded}, a whole number beyond 2^53, where numbers are rounded: give it as a text, in quotes`
  }
  return null
}

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
  const why = whyNotKept(given) ?? whyRounded(schema, given)
  if (why !== null) throw new DagbokError('bad_input', `The ${what} cannot be kept: ${why}.`)
  // Only a pattern can take long, and the bound itself costs a thread.
  if (!JSON.stringify(schema).includes('attern')) return check(schema, given, what)
  return within(
    () => check(schema, given, what),
    () =>
      new DagbokError(
        'bad_input',
        `The ${what} could not be checked: a \`pattern\` of theirs takes too long. Give shorter texts, or mend it in the notebook.`,
      ),
  )
}
