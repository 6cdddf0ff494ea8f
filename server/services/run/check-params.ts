import { DagbokError } from '../../domain/errors/errors.ts'
import { roundedWithin, whyNotKept, type Json } from '../../domain/json.ts'
import { checkParams as check } from '../../domain/run/params.ts'
import { within } from '../within.ts'

/** Where `number` is declared, 1e18 is one of its doubles; anywhere else it may be a whole number that was rounded. */
function roundedBy(schema: Json | undefined, value: Json): number | null {
  const declared = isRecord(schema) ? schema : {}
  if (typeof value === 'number')
    return [declared['type']].flat().includes('number') ? null : roundedWithin(value)
  const { properties, items } = declared
  const inside: [Json | undefined, Json][] = Array.isArray(value)
    ? value.map((one) => [items, one])
    : isRecord(value)
      ? Object.entries(value).map(([name, one]) => [isRecord(properties) ? properties[name] : undefined, one])
      : []
  for (const [part, one] of inside) {
    const rounded = roundedBy(part, one)
    if (rounded !== null) return rounded
  }
  return null
}

const isRecord = (value: Json | undefined): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws DagbokError `bad_input` when what comes from outside holds a whole number that was rounded on its way */
export function refuseRounded(
  schema: Record<string, Json>,
  given: Record<string, Json>,
  what = 'params',
): void {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  for (const [name, value] of Object.entries(given)) {
    const rounded = roundedBy(properties[name], value)
    if (rounded !== null)
      throw new DagbokError(
        'bad_input',
        `The ${what} cannot be kept: '${name}' holds ${rounded}, a whole number beyond 2^53, where numbers are rounded: give it as a text, in quotes.`,
      )
  }
}

/**
 * The domain's `checkParams`, which a `pattern` of the author's that backtracks for ever does not hold up. Services check
 * by this one, and what comes from outside also by `refuseRounded`.
 * @throws DagbokError `bad_input`
 */
export function checkParams(
  schema: Record<string, Json>,
  given: Record<string, Json>,
  what = 'params',
): Record<string, Json> {
  const why = whyNotKept(given)
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
