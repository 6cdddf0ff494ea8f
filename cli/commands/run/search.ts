/** Lines of an attempt's log that hold a text, with their numbers. */
import type { AttemptView, LogMatches } from '#server/views/run.ts'
import type { RestClient } from '../../client/rest-client.ts'
import { dim, plain, say, sayJson, warn } from '../../print/output.ts'

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of bytes) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  yield rest
}

/** @param log the REST path of its bytes */
export async function saySearch(
  client: RestClient,
  attempt: AttemptView,
  log: { path: string; key: string | null },
  { search, matchCase = false, json }: { search: string; matchCase?: boolean; json?: true },
): Promise<void> {
  const asked = { text: search, matchCase: matchCase ? 'yes' : 'no' }
  const found = await client.get<LogMatches>(`/attempts/${attempt.id}/log/search`, asked)
  if (json) return sayJson(found)
  if (found.total === 0) return warn('No line holds it.')
  const wanted = new Set(found.lines)
  const last = found.lines.at(-1) ?? 0
  let number = 0
  for await (const line of linesOf(await client.bytes(log.path, { key: log.key }))) {
    if (wanted.has(number)) say(`${dim(`${number + 1}:`)} ${plain(line)}`)
    if (number === last) break
    number += 1
  }
  if (found.total > found.lines.length) warn(`${found.total - found.lines.length} more lines hold it.`)
}
