/** For tests: the context that routes are answered in. */
import { LiveHub } from '../http/live-hub.ts'
import { Metrics } from '../http/metrics.ts'
import type { ServiceContext } from '../services/context.ts'
import { StoreWatch } from '../storage/open-store.ts'
import { setWebContext } from '../web-context.ts'

const well = new StoreWatch(() => Promise.resolve())

/** As the web process makes it at its start, on these services. */
export function openWeb(services: ServiceContext, store: StoreWatch = well): void {
  setWebContext({
    ...services,
    sessionSecret: 'x'.repeat(32),
    live: new LiveHub(services.db),
    metrics: new Metrics(services.db, services.disks),
    store,
  })
}
