/** A form of params: what each field offers, and what its text stands for. */
import { roundedIn, type Json } from '#server/domain/json.ts'

export type ParamSchema = Record<string, Json>

/** A value as it is typed. */
export const typedText = (value: Json | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** What may be chosen, with the text of each; null where it is typed instead. */
function choicesOf(schema: ParamSchema): readonly Json[] | null {
  if (Array.isArray(schema['enum'])) return schema['enum']
  return schema['type'] === 'boolean' ? [true, false] : null
}

/**
 * The texts to choose from; null where it is typed instead. Without a default the first is empty: nothing is chosen until
 * somebody chooses.
 */
export function choiceTexts(schema: ParamSchema): readonly string[] | null {
  const texts = choicesOf(schema)?.map(typedText)
  if (texts === undefined) return null
  return schema['default'] === undefined && !texts.includes('') ? ['', ...texts] : texts
}

function valueOf(schema: ParamSchema, text: string): Json | undefined {
  const chosen = choicesOf(schema)?.find((choice) => typedText(choice) === text)
  if (chosen !== undefined) return chosen
  if (schema['type'] === 'string' && choicesOf(schema) === null) return text
  if (text.trim() === '') return undefined
  try {
    return roundedIn(text) === null ? (JSON.parse(text) as Json) : text
  } catch {
    return text
  }
}

/** What was typed, as the schema's types; what is not of its type goes as text, and the server says so. */
export function readParams(
  properties: Record<string, ParamSchema>,
  texts: Record<string, string>,
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]): [string, Json][] => {
      const schema = properties[name]
      const value = schema === undefined ? undefined : valueOf(schema, text)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
