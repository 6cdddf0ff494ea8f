import type { Database } from '#db/client.ts'
import { identifier } from '#db/sql.ts'

/** All rows of all tables of a database, as text: what is in none of them, nobody can read there. */
export async function everyRow(db: Database): Promise<string> {
  const tables = await db.client<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await db.client.pool.query<{ row: string }>(
      `select to_jsonb(t)::text as row from ${identifier(name)} t`,
    )
    texts.push(...rows.map(({ row }) => row))
  }
  return texts.join('\n')
}
