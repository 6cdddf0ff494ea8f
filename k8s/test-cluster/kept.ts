/** What takes long to make and is kept: it is there whole or not at all, also when its making was cut off. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cache } from './settings.ts'

/**
 * A folder of the cache, made where it is not there.
 * @param recipe all that decides what is in it
 * @returns where it is
 */
export async function kept(
  name: string,
  recipe: unknown,
  make: (folder: string) => Promise<void>,
  say: (text: string) => void,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12)
  const folder = join(cache, `${name}-${hash}`)
  if (existsSync(folder)) return folder
  const began = Date.now()
  say(`${name} …`)
  const unfinished = `${folder}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(dirname(unfinished), { recursive: true })
  await mkdir(unfinished)
  await make(unfinished)
  await rename(unfinished, folder)
  say(`${name} ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return folder
}
