/** Loads the product with the cuts of a mutant in it. */
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Cut {
  /** Path from the repository's root. */
  file: string
  /** Must be there exactly once, so that a mutant does not rot. */
  find: string
  put: string
}

const root = resolve(import.meta.dirname, '../..')

/** @throws Error when the text is not there, or more than once: the mutant would be none */
export function cutText(file: string, text: string, find: string, put: string): string {
  const parts = text.split(find)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`)
  return parts.join(put)
}

/** Modules that are imported from now on have the cuts. */
export function mutate({ cuts }: { cuts: readonly Cut[] }): void {
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context)
      if (!url.startsWith('file:')) return loaded
      const wanted = cuts.filter(({ file }) => resolve(root, file) === fileURLToPath(url))
      if (wanted.length === 0) return loaded
      const text = Buffer.from((loaded.source ?? '') as Uint8Array).toString()
      const source = wanted.reduce((all, { file, find, put }) => cutText(file, all, find, put), text)
      return { ...loaded, source }
    },
  })
}
