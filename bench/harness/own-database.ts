/** A product on a Postgres of the bench's own, whose database can be looked into. */
import { ensureDatabase } from '#db/embedded/postgres.ts'
import { openSql, type Sql } from '#db/sql.ts'
import { withPostgres } from './postgres-floor.ts'
import { startProduct, type Product } from './product.ts'

/** Both are gone afterwards. */
export const withOwnDatabase = <T>(work: (product: Product, sql: Sql) => Promise<T>): Promise<T> =>
  withPostgres(async (server) => {
    await ensureDatabase(server, 'dagbok')
    const product = await startProduct({ seed: false, database: server.url('dagbok') })
    const sql = openSql(server.url('dagbok'), { max: 2 })
    try {
      return await work(product, sql)
    } finally {
      await sql.end()
      await product.stop()
    }
  })
