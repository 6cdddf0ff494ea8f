import { openApiDocument } from '#server/http/openapi.ts'
import { webContext } from '#server/web-context.ts'

export const dynamic = 'force-dynamic'

export const GET = (): Response => Response.json(openApiDocument(webContext().publicUrl))
