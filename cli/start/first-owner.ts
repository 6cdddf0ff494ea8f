/** The owner that a product begins with: whoever opens the sign-in link that its start prints. */
import type { Database } from '#db/client.ts'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'

/** Made where there is none. @returns the id of the user */
export async function firstOwner(db: Database): Promise<string> {
  const { userId } = await ensureFirstOwner(db, { team: 'main', user: 'Owner', email: 'owner@localhost' })
  return userId
}
