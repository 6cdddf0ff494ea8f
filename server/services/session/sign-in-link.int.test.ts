import { expect, test } from 'vitest'
import { endSessions, ensureFirstOwner, findSessionUser } from '#db/queries/sign-in.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { createSignInLink, lookAtSignInLink, useSignInLink } from './sign-in-link.ts'

const { database } = testDatabase()
const names = { team: 'main', user: 'Owner', email: 'owner@localhost' }

test('the first team has one owner, however many make it at once', async () => {
  const all = await Promise.all(Array.from({ length: 5 }, () => ensureFirstOwner(database(), names)))
  expect(new Set(all.map((one) => one.userId)).size).toBe(1)
})

test('a link signs in once, also when it is pressed twice at once', async () => {
  const { userId } = await ensureFirstOwner(database(), names)
  const secret = await createSignInLink(database(), userId)
  expect(await lookAtSignInLink(database(), secret)).toBe('good')
  const uses = await Promise.all([useSignInLink(database(), secret), useSignInLink(database(), secret)])
  expect(uses.filter((use) => use !== null)).toHaveLength(1)
  expect(await lookAtSignInLink(database(), secret)).toBe('used')
})

test('a link that is too old, or none, signs nobody in; the secret itself is not kept', async () => {
  const { userId } = await ensureFirstOwner(database(), names)
  const secret = await createSignInLink(database(), userId)
  const sql = database().client
  await sql`update sign_in_link set expires_at = now() - interval '1 second' where used_at is null`
  expect(await lookAtSignInLink(database(), secret)).toBe('expired')
  expect(await useSignInLink(database(), secret)).toBeNull()
  expect(await useSignInLink(database(), 'guess')).toBeNull()
  expect(await sql`select 1 from sign_in_link where secret_hash = ${secret}`).toHaveLength(0)
})

test('[S9] a session ends when the epoch of its user changes', async () => {
  const { userId } = await ensureFirstOwner(database(), names)
  expect(await findSessionUser(database(), userId, '0')).toMatchObject({
    teams: [{ name: 'main', role: 'owner' }],
  })
  await endSessions(database(), userId)
  expect(await findSessionUser(database(), userId, '0')).toBeNull()
})
