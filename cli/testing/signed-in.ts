/** For tests: the command line as a process, signed in at the product that the test files share. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { GivenProduct } from '../../e2e/fixtures/product.ts'
import { cloneRepository, type WorkingCopy } from '../../e2e/fixtures/repository.ts'
import { launchCli, runCli, type Ended, type Going, type Told } from './cli.ts'
import { sharedProduct } from './shared-product.ts'

export interface SignedIn {
  product: () => GivenProduct
  /** A folder of the test's own, which tasks may look into. */
  folder: () => string
  /** Nobody is ever shown a stack trace. */
  dagbok: (args: readonly string[], told?: Told) => Promise<Ended>
  /** What it prints with `--json`; the exit code must be this. */
  json: <T>(args: readonly string[], code?: number) => Promise<T>
  launch: (args: readonly string[]) => Going
}

/**
 * Call it once at the top of a test file.
 * @param repository a name that no other test file takes
 * @param fill makes its notebooks
 */
export function signedInCli(repository: string, fill: (copy: WorkingCopy) => Promise<unknown>): SignedIn {
  let product: GivenProduct | null = null
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dagbok-cli-'))
    // Tasks look for files here, under a user id of their own.
    await chmod(folder, 0o755)
    product = await sharedProduct()
    const copy = await cloneRepository(product.ready, repository)
    try {
      await fill(copy)
    } finally {
      await copy.remove()
    }
  }, 600_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const there = () => {
    if (product === null) throw new Error('the product is not there yet')
    return product
  }
  const env = () => ({ DAGBOK_URL: there().ready.url, DAGBOK_TOKEN: there().ready.apiToken })
  const dagbok: SignedIn['dagbok'] = async (args, told = {}) => {
    const ended = await runCli(args, { ...told, env: { ...env(), ...told.env } })
    expect(ended.stderr).not.toMatch(/^\s+at /m)
    return ended
  }
  return {
    product: there,
    folder: () => folder,
    dagbok,
    json: async <T>(args: readonly string[], code = 0) => {
      const ended = await dagbok([...args, '--json'])
      expect(ended, ended.stderr).toMatchObject({ code })
      return JSON.parse(ended.stdout) as T
    },
    launch: (args) => launchCli(args, { env: env() }),
  }
}
