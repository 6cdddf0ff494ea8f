/** One call at the desk: its body within bounds, its answer as JSON. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { z } from 'zod'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { inputFaults } from '#server/domain/errors/input.ts'
import { readBytes } from '#server/http/read-body.ts'
import type { WorkerActor } from '#server/services/worker/worker-tokens.ts'

export interface Call {
  request: IncomingMessage
  response: ServerResponse
  url: URL
  /** Below `/api/worker/`. */
  path: string
  /** Bytes of a JSON body. */
  longest: number
}

export interface WorkerCall extends Call {
  actor: WorkerActor
}

/** @throws DagbokError `too_large` */
export const bytesOf = (request: IncomingMessage, longest: number): Promise<Buffer> =>
  readBytes(
    Readable.toWeb(request) as ReadableStream<Uint8Array>,
    longest,
    `The body has more than ${longest} bytes.`,
  )

/** @throws DagbokError `bad_input`, `too_large`, `unsupported` */
export async function bodyOf<T>({ request, longest }: Call, schema: z.ZodType<T>): Promise<T> {
  if (request.method !== 'POST') throw new DagbokError('unsupported', 'It takes POST.')
  const text = (await bytesOf(request, longest)).toString()
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new DagbokError('bad_input', 'The body is no JSON.')
  }
  const result = schema.safeParse(given)
  if (!result.success) throw new DagbokError('bad_input', inputFaults(result.error))
  return result.data
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
