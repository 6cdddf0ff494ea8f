/**
 * What the web process built once at its start. Next bundles the routes apart from `app/server.ts`, so the two meet on
 * `globalThis`.
 */
import type { LiveHub } from './http/live-hub.ts'
import type { Metrics } from './http/metrics.ts'
import type { ServiceContext } from './services/context.ts'
import type { StoreWatch } from './storage/open-store.ts'

export interface WebContext extends ServiceContext {
  sessionSecret: string
  live: LiveHub
  metrics: Metrics
  /** Whether the artifact store is there. */
  store: StoreWatch
}

const key = Symbol.for('dagbok.web')
const holder = globalThis as { [key]?: WebContext }

export function setWebContext(context: WebContext): void {
  holder[key] = context
}

/** @throws when a route is asked for outside the web process */
export function webContext(): WebContext {
  const context = holder[key]
  if (context === undefined) throw new Error('the web process has not started')
  return context
}
