/** For tests: the product's git over HTTP on a port of its own, with a user and a token, and a git client beside it. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { pino } from 'pino'
import type { Database } from '#db/client.ts'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import { HostedRepositories } from '../git/hosted.ts'
import { handleGit } from '../git/http.ts'
import { gitEnvironment } from '../git/run-git.ts'
import type { ServiceContext } from '../services/context.ts'
import { ThreadedCompiler } from '../services/compile/threaded-compiler.ts'
import { TableProcess } from '../services/comparison/table-process.ts'
import { gitEndpoint } from '../services/push/git-endpoint.ts'
import { SecretBox } from '../services/secret/secret-box.ts'
import { createToken } from '../services/token/tokens.ts'
import { plainDeployment } from '#server/domain/run/deployment.ts'
import { Disks } from '../storage/disks.ts'
import { FolderStore } from '../storage/stores/folder.ts'

export interface Hosted {
  ctx: ServiceContext
  folder: string
  token: string
  /** Address of a repository of team `main`, with the token in it. */
  remote: (name: string) => string
  /** A work tree `name` with files in it, nothing committed. */
  work: (name: string, files: Record<string, string>) => Promise<WorkTree>
  close: () => Promise<void>
}

export interface WorkTree {
  path: string
  /** Runs git there; gives what it printed, also what it printed as errors. */
  git: (...args: string[]) => Promise<string>
  /** The same for a command that must fail. */
  fails: (...args: string[]) => Promise<string>
  write: (files: Record<string, string>) => Promise<void>
  /** Adds everything and commits; gives the commit. */
  commit: (message: string) => Promise<string>
}

/** A folder for git to work in, as a user has it. */
export async function workTree(path: string, home: string): Promise<WorkTree> {
  await mkdir(path, { recursive: true })
  const env = {
    ...gitEnvironment(),
    HOME: home,
    GIT_ALLOW_PROTOCOL: 'http:file',
    GIT_AUTHOR_NAME: 'Ines',
    GIT_AUTHOR_EMAIL: 'ines@example.org',
    GIT_COMMITTER_NAME: 'Ines',
    GIT_COMMITTER_EMAIL: 'ines@example.org',
  }
  const git = async (...args: string[]) => {
    const { stdout, stderr } = await promisify(execFile)('git', args, {
      cwd: path,
      env,
      maxBuffer: 64 * 2 ** 20,
    })
    return stdout + stderr
  }
  const write = async (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), text)
    }
  }
  const commit = async (message: string) => {
    await git('add', '-A')
    await git('commit', '-q', '--allow-empty', '-m', message)
    return (await git('rev-parse', 'HEAD')).trim()
  }
  const fails = async (...args: string[]) => {
    const failed = await git(...args).then(
      () => null,
      (error: unknown) => error as { stdout: string; stderr: string },
    )
    if (failed === null) throw new Error(`git ${args.join(' ')} did not fail`)
    return failed.stdout + failed.stderr
  }
  return { path, git, fails, write, commit }
}

/** @param given the folder of all of it, which stays */
export async function startHosted(db: Database, given?: string): Promise<Hosted> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'dagbok-hosted-')))
  const repositories = new HostedRepositories(join(folder, 'repositories'))
  const ctx: ServiceContext = {
    db,
    artifacts: new FolderStore(join(folder, 'store')),
    deployment: plainDeployment,
    clusters: [],
    disks: new Disks([{ place: 'the data folder', folder }], 0),
    tables: new TableProcess(),
    repositories,
    compiler: new ThreadedCompiler((details) => console.error(details)),
    log: pino({ level: 'silent' }),
    secrets: new SecretBox('a key of tests, which is long enough'),
    publicUrl: 'http://dagbok.test',
  }
  const { userId } = await ensureFirstOwner(db, { team: 'main', user: 'Owner', email: 'owner@localhost' })
  const { secret: token } = await createToken(db, userId, 'tests', null)
  const git = { ...gitEndpoint(ctx), report: (error: unknown) => console.error(error) }
  const server = createServer((request, response) => handleGit(request, response, git))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    ctx,
    folder,
    token,
    remote: (name) => `http://tests:${token}@127.0.0.1:${port}/git/main/${name}.git`,
    work: async (name, files) => {
      const tree = await workTree(join(folder, name), folder)
      await tree.git('init', '-q', '-b', 'main')
      await tree.write(files)
      return tree
    },
    close: async () => {
      server.close()
      server.closeAllConnections()
      if (given === undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The smallest DAG: one task that prints. */
export const smallDag = (id: string, says = 'hi'): string =>
  `---\ndagbok: 1\nid: ${id}\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\necho ${says}\n\`\`\`\n`
