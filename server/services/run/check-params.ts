import { DagbokError } from '../../domain/errors/errors.ts'
import { whyNotKept, type Json } from '../../domain/json.ts'
import { checkParams as check, roundedGiven } from '../../domain/run/params.ts'
import { within } from '../within.ts'

/** Without these words, to check is as quick as to read; and the bound itself costs a thread. */
const slow = /"(pattern|patternProperties|uniqueItems|\$ref|\$dynamicRef)"/

/**
 * The domain's `checkParams`, which a schema of the author's that takes for ever does not hold up. Services check by this
 * one; what comes from outside, by `checkGiven`.
 * @throws DagbokError `bad_input`
 */
export function checkParams(
  schema: Record<string, Json>,
  given: Record<string, Json>,
  what = 'params',
): Record<string, Json> {
  const why = whyNotKept(given)
  if (why !== null) throw new DagbokError('bad_input', `The ${what} cannot be kept: ${why}.`)
  if (!slow.test(JSON.stringify(schema))) return check(schema, given, what)
  return within(
    () => check(schema, given, what),
    () =>
      new DagbokError(
        'bad_input',
        `The ${what} could not be checked: a \`pattern\` of theirs takes too long, or another check does. Give shorter ones, or mend it in the notebook.`,
      ),
  )
}

/**
 * Params from outside, over `kept` ones that were checked before: a whole number that was rounded on its way is refused.
 * @throws DagbokError `bad_input`
 */
export function checkGiven(
  schema: Record<string, Json>,
  given: Record<string, Json>,
  { kept = {}, what = 'params' }: { kept?: Record<string, Json>; what?: string } = {},
): Record<string, Json> {
  const properties = schema['properties'] as Record<string, Json> | undefined
  for (const [name, value] of Object.entries(given)) {
    const rounded = roundedGiven(properties?.[name], value)
    if (rounded !== null)
      throw new DagbokError(
        'bad_input',
        `The ${what} cannot be kept: '${name}' holds ${rounded}, a whole number beyond 2^53, where numbers are rounded: give it as a text, in quotes.`,
      )
  }
  return checkParams(schema, { ...kept, ...given }, what)
}
