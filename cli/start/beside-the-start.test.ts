/** The commands that an installation asks for beside the start: what is missing is said in one line. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { nodeOptions } from '../setup/machine.mjs'

const run = promisify(execFile)

/** What it says where it fails. */
async function refused(file: string, args: string[], env: Record<string, string>) {
  const argv = [...nodeOptions, join(import.meta.dirname, file), ...args]
  const all = { NODE_ENV: 'production', ...env } as const
  const failed = await run(process.execPath, argv, { env: all }).catch((error: unknown) => error)
  const { code, stderr } = failed as { code?: number; stderr: string }
  return { code, stderr }
}

const database = 'postgres://a@127.0.0.1:1/a'

test.each([
  ['migrate.ts', [], {}, /^dagbok: DATABASE_URL is not set: /],
  ['migrate.ts', [], { DATABASE_URL: database }, /^dagbok: The Postgres of DATABASE_URL does not answer/],
  ['sign-in.ts', [], {}, /^dagbok: DATABASE_URL is not set: /],
  ['sign-in.ts', [], { DATABASE_URL: database }, /^dagbok: NEXTAUTH_URL is not set: /],
  [
    'sign-in.ts',
    [],
    { DATABASE_URL: database, NEXTAUTH_URL: 'http://a.example' },
    /^dagbok: The Postgres of/,
  ],
  ['leave-clusters.ts', [], {}, /^dagbok: --team is missing\.\n\nusage: /],
  ['leave-clusters.ts', ['--team', 'main', '--deployment', 'x'], {}, /^dagbok: --deployment x is not NAMES/],
  ['leave-clusters.ts', ['--team', 'main'], {}, /^dagbok: DAGBOK_CLUSTERS_FILE names no such cluster/],
] as const)('%s %j with %j', async (file, args, env, says) => {
  const { code, stderr } = await refused(file, [...args], env)
  expect(stderr).toMatch(says)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(code).toBe(1)
})
