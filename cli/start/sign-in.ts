/** `node cli/sign-in.mjs`: another sign-in link for the owner, of a product whose database DATABASE_URL names. */
import { openDatabase } from '#db/client.ts'
import { requireSchema } from '#db/schema-version.ts'
import { checkServerVersion } from '#db/server-version.ts'
import { processSettings } from '#server/config/environment.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { createSignInLink } from '#server/services/session/sign-in-link.ts'
import { orSaid } from './or-said.ts'
import { firstOwner } from './first-owner.ts'
import { givenDatabase } from './given-database.ts'

await orSaid(async () => {
  const url = givenDatabase()
  const { NEXTAUTH_URL } = processSettings()
  if (NEXTAUTH_URL === undefined)
    throw new DagbokError('bad_input', 'NEXTAUTH_URL is not set: give it the address of the product.')
  await checkServerVersion(url)
  const db = openDatabase(url, { max: 1, applicationName: 'dagbok sign-in' })
  try {
    await requireSchema(db.client)
    const link = await createSignInLink(db, await firstOwner(db))
    console.log(`Sign in (good for an hour, once): ${NEXTAUTH_URL.replace(/\/$/, '')}/sign-in?token=${link}`)
  } finally {
    await db.close()
  }
})
