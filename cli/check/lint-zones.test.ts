import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, rm, symlink, writeFile, copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from './stage.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-lint-'))
  await copyFile(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What the linter says of one file at that place; '' when nothing. */
async function lint(path: string, text: string): Promise<string> {
  await mkdir(join(folder, path, '..'), { recursive: true })
  await writeFile(join(folder, path), text)
  const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--quiet', path]
  const result = await promisify(execFile)(process.execPath, args, { cwd: folder }).catch(
    (error: unknown) => error as { stdout: string },
  )
  return result.stdout
}

test.each([
  [
    'server/domain/run/a.ts',
    "import { readFile } from 'node:fs'\nexport const a = readFile\n",
    'The domain is pure',
  ],
  ['server/domain/run/a.ts', "import { b } from '#db/client.ts'\nexport const a = b\n", 'The domain is pure'],
  [
    'server/domain/run/a.ts',
    "import { b } from '#db/queries/b.ts'\nexport const a = b\n",
    'The domain is pure',
  ],
  [
    'server/domain/run/a.ts',
    "import { readFile } from 'node:fs/promises'\nexport const a = readFile\n",
    'The domain is pure',
  ],
  [
    'server/services/run/a.ts',
    "import { pgTable } from 'drizzle-orm/pg-core'\nexport const a = pgTable\n",
    'SQL lives in db/queries',
  ],
  [
    'server/services/run/a.ts',
    "import { b } from '#workers/scheduler/b.ts'\nexport const a = b\n",
    'A service does not know who calls it',
  ],
  [
    'server/services/run/a.ts',
    "import { sql } from 'drizzle-orm'\nexport const a = sql\n",
    'SQL lives in db/queries',
  ],
  [
    'server/services/run/a.ts',
    "import { b } from '#workers/b.ts'\nexport const a = b\n",
    'A service does not know who calls it',
  ],
  [
    'db/queries/a.ts',
    "import { b } from '#server/services/b.ts'\nexport const a = b\n",
    'let a service call this query',
  ],
  ['app/page.ts', "import { git } from 'simple-git'\nexport const a = git\n", 'use RepositoryStore'],
  [
    'cli/commands/run/a.ts',
    "import { b } from '#server/services/run/start-run.ts'\nexport const a = b\n",
    'The command line is a client',
  ],
  [
    'cli/client/a.ts',
    "import { b } from '#db/queries/run.ts'\nexport const a = b\n",
    'The command line is a client',
  ],
  [
    'app/_features/run/a.ts',
    "import { b } from '../dags/b.ts'\nexport const a = b\n",
    'Features do not import each other',
  ],
  [
    'app/_features/run/a.ts',
    "import { git } from 'simple-git'\nexport const a = git\n",
    'use RepositoryStore',
  ],
  ['workers/main.ts', 'export const a = process.env.HOME\n', 'no-process-env'],
])('a forbidden import at %s is an error that says what to do instead', async (path, text, message) => {
  expect(await lint(path, text)).toContain(message)
})

test.each([
  ['server/services/run/a.ts', '#db/queries/b.ts'],
  ['cli/commands/run/a.ts', '#server/domain/run/states.ts'],
  ['cli/commands/run/a.ts', '#server/views/run.ts'],
])('%s may import %s', async (path, from) => {
  expect(await lint(path, `import { b } from '${from}'\nexport const a = b\n`)).toContain('0 errors')
})
