/** The artifact store where the settings say that it is. */
import { storeSlowest, storeTryMs } from '../config/patience.ts'
import type { StorePlace } from '../config/store.ts'
import { DagbokError } from '../domain/errors/errors.ts'
import type { OwnedStore } from './artifact-store.ts'
import { FolderStore } from './stores/folder.ts'

/** ms that a store has to say that it is there. */
const checkMs = 3000
/** ms for which that holds. */
const heldMs = 5000

/** Asks whether the store is there, for whoever wants to know, and often. */
export class StoreWatch {
  readonly #check: (ms: number) => Promise<void>
  #asked: Promise<string | null> | null = null

  constructor(check: (ms: number) => Promise<void>) {
    this.#check = check
  }

  /** A sentence with what to do; null: it is there. It is asked at most every five seconds, and answers within three. */
  async fault(): Promise<string | null> {
    this.#asked ??= this.#ask()
    return this.#asked
  }

  async #ask(): Promise<string | null> {
    try {
      await this.#check(checkMs)
      return null
    } catch (error) {
      return error instanceof DagbokError ? error.message : 'The artifact store cannot be asked.'
    } finally {
      setTimeout(() => (this.#asked = null), heldMs).unref()
    }
  }
}

export interface OpenedStore {
  artifacts: OwnedStore
  watch: StoreWatch
  /** As it is named to people. */
  name: string
  close: () => void
}

/**
 * @param writer as whom it is written to: one process at a time
 * @param callMs that a call of a store behind a network is tried for
 */
export async function openStore(place: StorePlace, writer: string, callMs: number): Promise<OpenedStore> {
  if (place.kind === 'folder') {
    // Its disk is watched with the others.
    const watch = new StoreWatch(() => Promise.resolve())
    return { artifacts: new FolderStore(place.folder, writer), watch, name: place.folder, close: () => {} }
  }
  const { address, keys } = place
  // Its library is not loaded for nobody.
  const { S3Store } = await import('./stores/s3/s3-store.ts')
  const patience = { callMs, tryMs: Math.min(callMs, storeTryMs), slowest: storeSlowest }
  const store = new S3Store({ address, keys, patience }, writer)
  const watch = new StoreWatch((ms) => store.check(ms))
  return { artifacts: store, watch, name: store.name, close: () => store.close() }
}
