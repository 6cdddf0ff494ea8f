import { webContext } from '#server/web-context.ts'
import { databaseAnswers } from '#db/queries/health.ts'

export const dynamic = 'force-dynamic'

/** The process can do its work: the database answers. */
export async function GET(): Promise<Response> {
  const ready = await databaseAnswers(webContext().db)
  return Response.json({ status: ready ? 'ready' : 'unavailable' }, { status: ready ? 200 : 503 })
}
