/**
 * Preloaded into every process of the product (`node --import`): what is compiled, and TypeScript with its types taken
 * out, is kept for the next start; and Drizzle's files find each other without Node's help. Node 24 reads the whole
 * package.json of a package again for each of its files, and Drizzle has 100 files and a package.json of 180 KB: that
 * takes seconds and 250 MB a process.
 */
import { enableCompileCache, registerHooks } from 'node:module'
import { join } from 'node:path'
import { root } from './machine.mjs'

// A folder that cannot be written is no fault: then nothing is kept.
enableCompileCache(join(root, 'node_modules', '.cache', 'dagbok'))

const ofDrizzle = /\/node_modules\/drizzle-orm\/[^?]*\.js$/

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context
    if (parentURL === undefined || !/^\.\.?\/.*\.js$/.test(specifier) || !ofDrizzle.test(parentURL))
      return next(specifier, context)
    return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
  },
})
