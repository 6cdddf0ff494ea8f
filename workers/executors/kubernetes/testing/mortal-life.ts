/** A life of the executor that ends at a step of its own, as by a kill -9: what it has done then is done, and it does nothing more. */
import type { AttemptSink } from '../../executor.ts'
import type { ClusterClient } from '../cluster-client.ts'

/** What it asks a cluster, and what it says of an attempt. */
export type Deed = 'createPod' | 'deletePod' | 'removeFinalizer' | 'ended'
export interface Step {
  when: 'before' | 'after'
  deed: Deed
}

interface Parts {
  client: ClusterClient
  sink: AttemptSink
}

export class MortalLives {
  #next: { step: Step; died: () => void } | null = null

  /** The life that comes to a step next ends there. @returns resolves when it has */
  endAt(step: Step): Promise<void> {
    return new Promise((died) => (this.#next = { step, died }))
  }

  /** Another life, with what it speaks to. */
  begin({ client, sink }: Parts): Parts {
    let isDead = false
    const atStep = (when: Step['when'], deed: string) => {
      const { step, died } = this.#next ?? {}
      if (step?.deed === deed && step.when === when) {
        this.#next = null
        isDead = true
        died?.()
      }
      if (isDead) throw new Error(`killed ${when} ${deed}`)
    }
    const mortal = <T extends object>(whole: T): T =>
      new Proxy(whole, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name)
          if (typeof value !== 'function') return value
          const work = value.bind(target) as (...args: unknown[]) => unknown
          // Streams end with the life that reads them.
          if (name === 'watchPods' || name === 'readLog') return work
          return async (...args: unknown[]) => {
            atStep('before', String(name))
            const done = await work(...args)
            atStep('after', String(name))
            return done
          }
        },
      })
    return { client: mortal(client), sink: mortal(sink) }
  }
}
