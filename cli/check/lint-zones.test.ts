import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './stage.ts'

/** Folder, what a file in it imports, and what lint says to do instead; null: it may. */
const imports: [folder: string, from: string, says: string | null][] = [
  ['server/domain/run', 'node:fs', 'The domain is pure'],
  ['server/domain/run', 'node:fs/promises', 'The domain is pure'],
  ['server/domain/run', '#db/client.ts', 'The domain is pure'],
  ['server/domain/run', '#db/queries/b.ts', 'The domain is pure'],
  ['server/domain/run', '../../services/run/b.ts', 'The domain is pure'],
  ['server/domain/run', '../errors/errors.ts', null],
  ['db/schema', '#server/services/b.ts', 'The schema knows the domain only'],
  ['db/schema', '#server/auth/b.ts', 'The schema knows the domain only'],
  ['db/schema', '#workers/b.ts', 'The schema knows the domain only'],
  ['db/schema', 'next-auth', 'The schema knows the domain only'],
  ['db/schema', '#server/domain/run/states.ts', null],
  ['db/schema', 'drizzle-orm/pg-core', null],
  ['db/queries', '#server/services/b.ts', 'let a service call this query'],
  ['db/queries', '#server/git/b.ts', 'let a service call this query'],
  ['db/queries', '#server/domain/run/states.ts', null],
  ['db/queries', 'drizzle-orm', null],
  ['server/services/run', 'drizzle-orm', 'SQL lives in db/queries'],
  ['server/services/run', 'drizzle-orm/pg-core', 'SQL lives in db/queries'],
  ['server/services/run', '#workers/b.ts', 'A service does not know who calls it'],
  ['server/services/run', '#workers/scheduler/b.ts', 'A service does not know who calls it'],
  ['server/services/run', 'simple-git', 'use RepositoryStore'],
  ['server/services/run', 'next-auth', 'use session() and Actor'],
  ['server/services/run', '#db/queries/b.ts', null],
  ['server/services/run', '@aws-sdk/client-s3', 'use the ArtifactStore'],
  ['server/storage', '@aws-sdk/client-s3', 'use the ArtifactStore'],
  ['server/git', '@aws-sdk/client-s3', 'use the ArtifactStore'],
  ['workers/scheduler', '@aws-sdk/client-s3', 'use the ArtifactStore'],
  ['app', '@aws-sdk/s3-request-presigner', 'use the ArtifactStore'],
  ['server/storage/stores/s3', '@aws-sdk/client-s3', null],
  ['server/storage/stores/s3', '#workers/b.ts', 'A service does not know who calls it'],
  ['server/storage/stores/s3', '#db/queries/b.ts', 'A store knows bytes'],
  ['server/git', 'next-auth', 'use session() and Actor'],
  ['server/git', 'simple-git', null],
  ['server/auth', 'drizzle-orm', 'SQL lives in db/queries'],
  ['server/auth', 'next-auth/providers/credentials', null],
  ['server/trpc', 'next-auth/jwt', 'use session() and Actor'],
  ['server/http', 'drizzle-orm', 'SQL lives in db/queries'],
  ['app', 'simple-git', 'use RepositoryStore'],
  ['app', 'next-auth', 'use session() and Actor'],
  ['app/_features/run', '../dags/b.ts', 'Features do not import each other'],
  ['app/_features/run', 'simple-git', 'use RepositoryStore'],
  ['app/_features/run', 'next-auth', 'use session() and Actor'],
  ['workers/scheduler', 'next-auth', 'use session() and Actor'],
  ['workers/scheduler', '@kubernetes/client-node', 'talks to a cluster'],
  ['workers/reconciler', '@kubernetes/client-node', 'talks to a cluster'],
  ['workers/executors/process', '@kubernetes/client-node', 'talks to a cluster'],
  ['workers/executors/kubernetes', '@kubernetes/client-node', null],
  ['workers/executors/kubernetes', 'drizzle-orm', 'SQL lives in db/queries'],
  ['server/domain/pod', '@kubernetes/client-node', 'The domain is pure'],
  ['server/services/run', '@kubernetes/client-node', 'talks to a cluster'],
  ['db/queries', '@kubernetes/client-node', 'let a service call this query'],
  ['app/_features/run', '@kubernetes/client-node', 'talks to a cluster'],
  ['cli/commands/run', '@kubernetes/client-node', 'The command line is a client'],
  ['cli/commands/run', '@aws-sdk/client-s3', 'The command line is a client'],
  ['workers/executors/kubernetes', '@aws-sdk/client-s3', 'use the ArtifactStore'],
  ['cli/commands/run', '#server/services/run/start-run.ts', 'The command line is a client'],
  ['cli/client', '#db/queries/run.ts', 'The command line is a client'],
  ['cli/commands/run', '#server/domain/run/states.ts', null],
  ['cli/commands/run', '#server/views/run.ts', null],
]

interface Finding {
  filename: string
  code: string
  help?: string
}

let folder = ''
let findings: Finding[] = []
const fileOf = (index: number) => `${imports[index]?.[0]}/a${index}.ts`

/** All files at once: the linter takes longer to begin than to read them. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-lint-'))
  await copyFile(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  for (const [index, [, from]] of imports.entries())
    await write(fileOf(index), `import { b } from '${from}'\nexport const a = b\n`)
  await write('workers/main.ts', 'export const a = process.env.HOME\n')
  const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--quiet', '--format=json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder }).catch(
    (error: unknown) => error as { stdout: string },
  )
  findings = (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const found = (file: string) => findings.filter(({ filename }) => filename === file)

test.each(imports.map((one, index) => [...one, index] as const))(
  'at %s an import of %s is told: %s',
  (_folder, _from, says, index) => {
    const told = found(fileOf(index)).map(({ help = '' }) => help)
    expect(told.map((help) => help.includes(says ?? '') || help)).toEqual(says === null ? [] : [true])
  },
)

test('the environment is read by server/config alone', () =>
  expect(found('workers/main.ts').map(({ code }) => code)).toEqual(['node(no-process-env)']))
