import { deedWords } from '#server/domain/audit.ts'
import type { AuditEntryView } from '#server/views/audit.ts'
import { Ago } from './time.tsx'

/** Who did what: a line for each, with what it was done to. */
export function Deeds<T extends AuditEntryView>({
  entries,
  on,
}: {
  entries: readonly T[]
  on?: (entry: T) => string
}) {
  return (
    <table className="list">
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
            <td>
              {entry.by ?? 'Dagbok'} {deedWords(entry.verb, entry.details)}
            </td>
            {on !== undefined && <td className="muted">{on(entry)}</td>}
            <td className="muted">
              <Ago time={entry.createdAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
