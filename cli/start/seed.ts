/** The examples, pushed and run as a user would: over git, with the options of a push. Nothing is inserted as rows. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gitEnvironment } from '#server/git/run-git.ts'

interface Seed {
  repository: string
  commits: { folder: string; message: string; author: { name: string; email: string }; needs?: string }[]
}

interface Options {
  /** The checkout of the product. */
  root: string
  /** Data folder: it remembers that the examples are there. */
  folder: string
  api: { gitUrl: string; apiToken: string }
  log: (line: string) => void
}

const run = promisify(execFile)

const canRun = (program: string) =>
  run(program, ['-c', '']).then(
    () => true,
    () => false,
  )

/** Once per data folder. What fails is said and tried again at the next start; the product goes on without. */
export async function seedExamples({ root, folder, api, log }: Options): Promise<void> {
  const mark = join(folder, 'seeded')
  if ((await stat(mark).catch(() => null)) !== null) return
  const seed = JSON.parse(await readFile(join(root, 'examples/seed.json'), 'utf8')) as Seed
  const work = await mkdtemp(join(tmpdir(), 'dagbok-examples-'))
  const remote = `${api.gitUrl}/${seed.repository}.git`
  const credentials = Buffer.from(`examples:${api.apiToken}`).toString('base64')
  // In the environment: other users of the machine can read the arguments of a process.
  const authorization = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  }
  const git = (args: string[], more: Record<string, string> = {}) =>
    run('git', args, {
      cwd: work,
      env: gitEnvironment({ HOME: work, GIT_ALLOW_PROTOCOL: 'http:https', ...more }),
    })
  try {
    await git(['init', '--quiet', '--initial-branch=main'])
    for (const [i, { folder: from, message, author, needs }] of seed.commits.entries()) {
      if (needs !== undefined && !(await canRun(needs))) continue
      await cp(join(root, 'examples', from), work, { recursive: true })
      await git(['add', '--all'])
      // The same commits each time: a seeding that was cut off goes on where it was.
      const date = `2026-11-0${i + 2}T09:00:00Z`
      await git(['commit', '--quiet', '--message', message], {
        GIT_AUTHOR_NAME: author.name,
        GIT_AUTHOR_EMAIL: author.email,
        GIT_COMMITTER_NAME: author.name,
        GIT_COMMITTER_EMAIL: author.email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_DATE: date,
      })
      await git(['push', '--quiet', '--push-option=run', remote, 'main'], authorization)
    }
    await writeFile(mark, '')
    log(`The examples are in ${remote}, and running.`)
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? String(error)
    log(`The examples could not be pushed: ${said}`)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
