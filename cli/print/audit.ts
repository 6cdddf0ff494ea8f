import { agoWords } from '#server/domain/words.ts'
import type { AuditEntryView } from '#server/views/audit.ts'
import { dim, plain } from './output.ts'
import { table } from './table.ts'

/** One line for each deed; `on` says what it was done to. */
export function auditTable<T extends AuditEntryView>(
  entries: readonly T[],
  on?: (entry: T) => string,
): string {
  const now = Date.now()
  return table(
    ['VERB', ...(on === undefined ? [] : ['DAG']), 'BY', 'AT', ''],
    entries.map((entry) => [
      entry.verb,
      ...(on === undefined ? [] : [plain(on(entry))]),
      plain(entry.by ?? 'Dagbok'),
      agoWords(now - Date.parse(entry.createdAt)),
      Object.keys(entry.details).length === 0 ? '' : dim(plain(JSON.stringify(entry.details))),
    ]),
  )
}
