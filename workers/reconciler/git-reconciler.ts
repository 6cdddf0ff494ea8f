/** Brings the database up to the repositories' refs: at start (what a killed push left) and every minute. */
import { allRepositoryIds } from '#db/queries/repository.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { reconcile } from '#server/services/version/reconcile.ts'
import { Wakeful } from '../scheduler/wakeful.ts'

const pollMs = 60_000

export class GitReconciler {
  readonly #ctx: ServiceContext
  readonly #loop: Wakeful

  constructor(ctx: ServiceContext) {
    this.#ctx = ctx
    this.#loop = new Wakeful(
      () => this.#look(),
      pollMs,
      (error) => ctx.log.error({ err: error }, 'repositories could not be listed'),
    )
  }

  start(): void {
    this.#loop.wake()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
  }

  async #look(): Promise<null> {
    for (const id of await allRepositoryIds(this.#ctx.db)) {
      try {
        await this.#ctx.repositories.create(id)
        await this.#ctx.repositories.sweep(id)
        await reconcile(this.#ctx, id)
      } catch (error) {
        this.#ctx.log.error({ err: error, repository: id }, 'a repository could not be reconciled')
      }
    }
    return null
  }
}
