import { expect, test } from 'vitest'
import { appRouter } from '../trpc/router.ts'
import { openApiDocument } from './openapi.ts'

const document = openApiDocument('http://dagbok.test')
const operations = Object.entries(document.paths ?? {}).flatMap(([path, all]) =>
  Object.entries(all as object).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    path,
    operation: operation as {
      summary?: string
      security?: unknown[]
      parameters?: { name: string; in: string }[]
      responses: Record<string, { $ref?: string }>
    },
  })),
)

test('every procedure with a path, and both routes of bytes, are described', () => {
  const procedures = Object.values(
    appRouter._def.procedures as unknown as Record<string, { _def: { meta?: object } }>,
  )
  const withPath = procedures.flatMap(({ _def: { meta } }) => {
    const { openapi } = (meta ?? {}) as { openapi?: { method: string; path: string } }
    return openapi === undefined ? [] : [`${openapi.method} ${openapi.path}`]
  })
  expect(withPath.length).toBeGreaterThan(20)
  expect(operations.map(({ name }) => name).toSorted()).toEqual(
    [
      ...withPath,
      'GET /runs/{id}/tasks/{task}/attempts/{n}/log',
      'GET /runs/{id}/tasks/{task}/outputs/{name}',
    ].toSorted(),
  )
})

test.each(operations)('$name: a summary, a token, its path, what it answers', ({ path, operation }) => {
  expect(operation.summary).toBeTruthy()
  expect(operation.security).toEqual([{ bearer: [] }])
  const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => one.name)
  expect(inPath).toEqual([...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name))
  expect(Object.keys(operation.responses)[0]).toMatch(/^20[01]$/)
  expect(operation.responses['default']).toEqual({ $ref: '#/components/responses/Error' })
})

test('a start answers 201, a cancel 200; every reference leads somewhere', () => {
  const responses = (name: string) =>
    Object.keys(operations.find((one) => one.name === name)?.operation.responses ?? {})
  expect(responses('POST /dags/{team}/{repo}/{dag}/runs')).toEqual(['201', 'default'])
  expect(responses('POST /runs/{id}/cancel')).toEqual(['200', 'default'])
  for (const [, reference = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = reference
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document)
    expect(found, reference).toBeDefined()
  }
})
