/** `node cli/migrate.mjs`: brings the database that DATABASE_URL names to the schema of this build. A second time it does nothing. */
import { migrateDatabase } from '#db/migrate.ts'
import { checkServerVersion } from '#db/server-version.ts'
import { orSaid } from './or-said.ts'
import { givenDatabase } from './given-database.ts'

await orSaid(async () => {
  const url = givenDatabase()
  await checkServerVersion(url)
  await migrateDatabase(url)
  console.log('The database has the schema of this build.')
})
