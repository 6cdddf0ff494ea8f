/** The artifact store at the start: one that refuses what will be asked of it is found now, and not by the first task. */
import { buffer } from 'node:stream/consumers'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { StorePlace } from '#server/config/store.ts'
import { openStore } from '#server/storage/open-store.ts'

/** ms that a store has to take a few bytes and give them back. */
const proofMs = 10_000

/** What is put there; as nothing points to it, the collector takes it away again. */
const proof = Buffer.from('Dagbok was here.\n')

/**
 * Puts a few bytes in and reads them. A store that is away is no reason not to start: what needs it waits for it.
 * @returns a sentence when it is away; null: it is well
 * @throws DagbokError with what to do, when it refuses
 */
export async function proveStore(place: StorePlace, ms = proofMs): Promise<string | null> {
  const { artifacts, close } = await openStore(place, 'start', ms)
  try {
    const { hash } = await artifacts.put(proof)
    await buffer(await artifacts.read(hash))
    return null
  } catch (error) {
    if (error instanceof DagbokError && (error.cause as { passing?: boolean } | undefined)?.passing === true)
      return error.message
    throw error
  } finally {
    close()
  }
}
