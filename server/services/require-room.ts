import { DagbokError } from '../domain/errors/errors.ts'
import { whyFull } from '../domain/space.ts'
import type { ServiceContext } from './context.ts'

/** New work is refused while a disk that it would fill is full (R15). @throws DagbokError `unavailable` with the sentence */
export async function requireRoom({ disks }: Pick<ServiceContext, 'disks'>): Promise<void> {
  const full = await disks.full()
  if (full !== null) throw new DagbokError('unavailable', whyFull(full))
}
