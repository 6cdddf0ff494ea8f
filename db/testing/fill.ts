/** For tests: rows in every table of a database, whatever its tables are at that state of the schema. */
import type { Sql } from '../sql.ts'

interface Column {
  table: string
  name: string
  type: string
  enum: string | null
  nullable: boolean
  given: boolean
  /** The table whose id it has. */
  of: string | null
}

const columnsOf = (sql: Sql) => sql<Column[]>`
  select c.relname as table, a.attname as name, format_type(a.atttypid, null) as type,
    (select min(e.enumlabel) from pg_enum e where e.enumtypid = a.atttypid
      and e.enumsortorder = (select min(enumsortorder) from pg_enum where enumtypid = a.atttypid)) as enum,
    not a.attnotnull as nullable, a.atthasdef as given,
    (select f.relname from pg_constraint k join pg_class f on f.oid = k.confrelid
      where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any(k.conkey)) as of
  from pg_class c join pg_attribute a on a.attrelid = c.oid
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`

/** SQL of a value of the row `n` of a table; null: the column stays as it is without one. */
function valueOf({ table, name, type, enum: label, nullable, given, of }: Column, n: number): string | null {
  // Whether a time may be there says the state.
  if (given || (nullable && (of === table || type.startsWith('timestamp')))) return null
  if (of !== null) return `(select id from "${of}" order by id::text limit 1 offset ${n})`
  if (label !== null) return `'${label}'`
  if (type === 'uuid') return 'gen_random_uuid()'
  if (type === 'text') return `'${table} ${name} ${n}'`
  if (type === 'jsonb') return `'{"${name}": ${n}}'`
  if (type.startsWith('timestamp')) return `'2026-01-0${n + 1}T03:04:05Z'`
  return type === 'boolean' ? 'true' : String(n + 1)
}

/** What only together makes sense, by table. */
const apart: Record<string, readonly string[]> = {
  program: ['printed', 'fault', 'token', 'quarantine'],
}

/** Two rows in each table. @returns the tables */
export async function fillTables(sql: Sql): Promise<string[]> {
  const all = Map.groupBy(await columnsOf(sql), ({ table }) => table)
  const left = new Map(all)
  while (left.size > 0) {
    const missing = ({ of, table }: Column) => of !== null && of !== table && left.has(of)
    const ready = [...left].filter(([, columns]) => !columns.some(missing))
    // Of a circle, one that may do without begins.
    const next =
      ready.length > 0
        ? ready
        : [...left].filter(([, columns]) => !columns.some((one) => missing(one) && !one.nullable)).slice(0, 1)
    if (next.length === 0) throw new Error(`tables that need each other: ${[...left.keys()].join(', ')}`)
    for (const [table, columns] of next) {
      for (const n of [0, 1]) {
        const values = columns.flatMap((column) => {
          const none = missing(column) || apart[table]?.includes(column.name) === true
          const value = none ? null : valueOf(column, n)
          return value === null ? [] : [{ name: column.name, value }]
        })
        await sql.run(
          `insert into "${table}" (${values.map(({ name }) => `"${name}"`).join(', ')})
           values (${values.map(({ value }) => value).join(', ')})`,
        )
      }
      left.delete(table)
    }
  }
  return [...all.keys()]
}
