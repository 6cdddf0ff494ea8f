/** Given params against a schema, in bounded time: a `pattern` of the author's may backtrack for ever on a text somebody gives. */
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import { checkParams } from '../../domain/run/params.ts'
import { within } from '../within.ts'

/** @throws DagbokError `bad_input` as `checkParams`, and when it takes too long */
export const checkParamsInTime: typeof checkParams = (
  schema: Record<string, Json>,
  given: Record<string, Json>,
  what = 'params',
) =>
  within(
    () => checkParams(schema, given, what),
    () =>
      new DagbokError(
        'bad_input',
        `The ${what} could not be checked: a \`pattern\` takes too long. Give shorter texts, or mend it in the notebook.`,
      ),
  )
