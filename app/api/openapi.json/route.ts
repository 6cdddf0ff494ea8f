import { generateOpenApiDocument } from 'trpc-to-openapi'
import { appRouter } from '#server/trpc/router.ts'
import { webContext } from '#server/web-context.ts'

export const dynamic = 'force-dynamic'

export function GET(): Response {
  return Response.json(
    generateOpenApiDocument(appRouter, {
      title: 'Dagbok',
      version: '1',
      description:
        'Send `Authorization: Bearer TOKEN`. Times are RFC 3339 in UTC, durations are milliseconds.',
      baseUrl: `${webContext().publicUrl}/api/v1`,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    }),
  )
}
