/** What REST is, as OpenAPI 3.1: the procedures that have a path, and the routes that answer with bytes. */
import { generateOpenApiDocument } from 'trpc-to-openapi'
import { z } from 'zod'
import type { oas31, ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi'
import { errorCodes } from '../domain/errors/errors.ts'
import { appRouter } from '../trpc/router.ts'

/** Paths whose POST makes something: they answer 201, and `location` where what was made has an address. */
export const makes =
  /\/(runs|rerun|recover|fork|comparisons|share-links|tokens|repositories|commits|backfills|webhook)$/

const item = z.string().optional().describe('the item of an expanded task: `alpha=0.1,k=5`')
const range = z.string().optional().describe('one range, as RFC 9110 has it: `bytes=0-1023`, `bytes=-500`')
const direct = z
  .literal('1')
  .optional()
  .describe(
    'where outputs are in a bucket that browsers reach: 307 with an address there, good for a minute, which needs no token',
  )
const place = { id: z.uuid(), task: z.string().describe('`train`, or `clean.tidy` of a component') }

function bytesOf(
  operationId: string,
  summary: string,
  mediaType: string,
  path: Record<string, z.ZodType>,
  query: Record<string, z.ZodType> = {},
): ZodOpenApiOperationObject {
  const bytes = { content: { [mediaType]: { schema: { type: 'string' as const } } } }
  return {
    operationId,
    summary,
    security: [{ bearer: [] }],
    requestParams: {
      path: z.object({ ...place, ...path }),
      query: z.object({ key: item, ...query }),
      header: z.object({ Range: range }),
    },
    responses: {
      200: { description: 'All of it', ...bytes },
      206: { description: 'The range asked for', ...bytes },
    },
  }
}

/** Paths that answer with bytes, and not with what a procedure gives. */
export const byteRoutes: ZodOpenApiPathsObject = {
  '/runs/{id}/tasks/{task}/attempts/{n}/log': {
    get: bytesOf('runs-log', 'The log of an attempt, as far as it is there', 'text/plain', {
      n: z.int().describe('the first attempt is 1'),
    }),
  },
  '/runs/{id}/tasks/{task}/outputs/{name}': {
    get: bytesOf(
      'runs-output',
      'An output of the newest attempt, of the type that it is',
      '*/*',
      { name: z.string() },
      { direct },
    ),
  },
}

const errorSchema: oas31.SchemaObject = {
  type: 'object',
  required: ['message', 'code'],
  properties: {
    message: { type: 'string', description: 'What is wrong, and what to do: for people.' },
    code: { type: 'string', enum: [...errorCodes], description: 'For programs.' },
  },
}

type Document = ReturnType<typeof generateOpenApiDocument>
type Path = NonNullable<Document['paths']>[string]
type Operation = NonNullable<Path['get']>

/** An operation with the statuses that it really answers with; every other one is an error. */
function withStatuses(operation: Operation, created: boolean): Operation {
  const good = Object.entries(operation.responses ?? {}).filter(([status]) => status.startsWith('2'))
  const responses = Object.fromEntries(
    good.map(([status, response]) => [created && status === '200' ? '201' : status, response]),
  )
  return { ...operation, responses: { ...responses, default: { $ref: '#/components/responses/Error' } } }
}

function ofPath(path: string, operations: Path): Path {
  const { get, post, put, delete: remove } = operations
  return {
    ...(get === undefined ? {} : { get: withStatuses(get, false) }),
    ...(post === undefined ? {} : { post: withStatuses(post, makes.test(path)) }),
    ...(put === undefined ? {} : { put: withStatuses(put, false) }),
    ...(remove === undefined ? {} : { delete: withStatuses(remove, false) }),
  }
}

/** @param publicUrl where the product is reached */
export function openApiDocument(publicUrl: string): Document {
  const document = generateOpenApiDocument(appRouter, {
    title: 'Dagbok',
    version: '1',
    description: 'Send `Authorization: Bearer TOKEN`. Times are RFC 3339 in UTC, durations are milliseconds.',
    baseUrl: `${publicUrl}/api/v1`,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    paths: byteRoutes,
  })
  const schemas = Object.entries(document.components?.schemas ?? {})
  const paths = Object.entries(document.paths ?? {}).map(([path, all]) => [path, ofPath(path, all)] as const)
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: {
      ...document.components,
      // Errors of the library's own shape, which never leave here.
      schemas: Object.fromEntries(schemas.filter(([name]) => !name.startsWith('error.'))),
      responses: {
        Error: {
          description: 'What was asked for was not done.',
          content: { 'application/json': { schema: errorSchema } },
        },
      },
    },
  }
}
