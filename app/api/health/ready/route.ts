import { webContext } from '#server/web-context.ts'
import { databaseAnswers } from '#db/queries/health.ts'
import { whyFull } from '#server/domain/space.ts'

export const dynamic = 'force-dynamic'

/**
 * The process can do its work: the database answers. With a full disk it still shows everything, and says what it refuses;
 * without its artifact store it shows all but logs and outputs, and says what is wrong with it.
 */
export async function GET(): Promise<Response> {
  const { db, disks, store } = webContext()
  if (!(await databaseAnswers(db))) return Response.json({ status: 'unavailable' }, { status: 503 })
  const [full, fault] = await Promise.all([disks.full(), store.fault()])
  return Response.json({ status: 'ready', refusing: full === null ? null : whyFull(full), store: fault })
}
