import NextAuth from 'next-auth'
import type { NextRequest } from 'next/server'
import { authOptions } from './options.ts'

interface RouteContext {
  params: Promise<{ nextauth: string[] }>
}

/** The handler of `/api/auth/*`. */
export async function handleAuth(request: NextRequest, context: RouteContext): Promise<Response> {
  return (await NextAuth(request, context, authOptions())) as Response
}
