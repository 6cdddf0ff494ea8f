/** tRPC for browser and REST alike: who asks, and our closed set of errors mapped once. */
import { initTRPC, TRPCError } from '@trpc/server'
import type { OpenApiMeta } from 'trpc-to-openapi'
import { z } from 'zod'
import { isOutage } from '#db/outage.ts'
import { away, DagbokError, type ErrorCode } from '../domain/errors/errors.ts'
import { hasOnlyTexts, inputFaults, noText } from '../domain/errors/input.ts'
import type { Actor } from '../services/actor.ts'
import type { ServiceContext } from '../services/context.ts'

export interface RequestContext {
  services: ServiceContext
  /** null when nobody was recognised. */
  actor: Actor | null
}

const t = initTRPC.meta<OpenApiMeta>().context<RequestContext>().create({ isDev: false })

const codes: Record<ErrorCode, TRPCError['code']> = {
  bad_input: 'BAD_REQUEST',
  unauthenticated: 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  not_found: 'NOT_FOUND',
  conflict: 'CONFLICT',
  too_large: 'PAYLOAD_TOO_LARGE',
  out_of_range: 'BAD_REQUEST',
  too_many: 'TOO_MANY_REQUESTS',
  unsupported: 'METHOD_NOT_SUPPORTED',
  unavailable: 'SERVICE_UNAVAILABLE',
  internal: 'INTERNAL_SERVER_ERROR',
}

/** In tRPC 11 `next()` does not throw: what failed is in its result. An unknown error never leaks its text. */
const mapped = t.middleware(async ({ ctx, next, path, getRawInput }) => {
  if (!hasOnlyTexts(await getRawInput())) throw new TRPCError({ code: 'BAD_REQUEST', message: noText })
  const result = await next()
  if (result.ok) return result
  const { cause } = result.error
  if (cause instanceof DagbokError && cause.code !== 'internal')
    throw new TRPCError({ code: codes[cause.code], message: cause.message, cause })
  if (result.error.code === 'BAD_REQUEST' && cause instanceof z.ZodError)
    throw new TRPCError({ code: 'BAD_REQUEST', message: inputFaults(cause) })
  if (result.error.code !== 'INTERNAL_SERVER_ERROR') return result
  if (isOutage(cause)) throw new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: away })
  ctx.services.log.error({ err: cause ?? result.error, path }, 'a procedure failed')
  throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong here. It was logged.' })
})

export const router = t.router
export const createCaller = t.createCallerFactory

/** A procedure for whoever is signed in, by a session or a token; what they may do is asked in the service. */
export const signedIn = t.procedure.use(mapped).use(({ ctx, next }) => {
  if (ctx.actor === null)
    throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in, or send `Authorization: Bearer TOKEN`.' })
  return next({ ctx: { services: ctx.services, actor: ctx.actor } })
})

/** A procedure for everyone: what it shows is decided by a secret in its input. */
export const open = t.procedure.use(mapped)
