/** The program of the S3 server that tests run: built once per machine, from the Go module proxy, by exact version. */
import { execFile } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { lockDataFolder } from '#cli/start/data-folder.ts'
import { childEnvironment } from '../config/environment.ts'
import { DagbokError } from '../domain/errors/errors.ts'

const version = 'v1.8.0'
const source = `github.com/versity/versitygw/cmd/versitygw@${version}`
/** ms that a build may take; it takes one to two minutes where nothing of it is known yet. */
const buildMs = 420_000
/** ms between two looks whether somebody else has built it. */
const lookMs = 500

const run = promisify(execFile)

/** Where Go's own installer puts it, where it is not on the PATH. */
const usual = '/usr/local/go/bin/go'

async function findGo(): Promise<string | null> {
  for (const go of ['go', usual])
    if (
      await run(go, ['version']).then(
        () => true,
        () => false,
      )
    )
      return go
  return null
}

const isThere = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

/** Whoever else builds is waited for: he does it once for all. */
async function locked<T>(folder: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const lock = await lockDataFolder(folder).catch((error: unknown) => {
      if (error instanceof DagbokError && error.code === 'conflict') return null
      throw error
    })
    if (lock !== null)
      try {
        return await work()
      } finally {
        await lock.release()
      }
    await pause(lookMs)
  }
}

/** Whole or not at all: a build is moved to its place when it is done. */
async function build(go: string, folder: string, program: string): Promise<void> {
  const aside = await mkdtemp(join(folder, 'build-'))
  try {
    const env = childEnvironment({ GOBIN: aside, CGO_ENABLED: '0', GOFLAGS: '' })
    await run(go, ['install', source], { cwd: aside, env, timeout: buildMs, maxBuffer: 16 * 2 ** 20 })
    await rename(join(aside, 'versitygw'), program)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** A path; or why this machine has none, as a sentence. */
type Program = { path: string } | { reason: string }

let known: Promise<Program> | null = null

async function find(): Promise<Program> {
  const folder = join(homedir(), '.cache', 'dagbok', `versitygw-${version}`)
  const path = join(folder, 'versitygw')
  if (await isThere(path)) return { path }
  const go = await findGo()
  if (go === null) return { reason: 'there is no Go to build an S3 server with' }
  await mkdir(folder, { recursive: true })
  try {
    await locked(folder, async () => {
      if (!(await isThere(path))) await build(go, folder, path)
    })
    return { path }
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string }
    const last = (stderr === '' ? message : stderr).trim().split('\n').at(-1) ?? ''
    return { reason: `the S3 server ${source} could not be built: ${last}` }
  }
}

/** It is looked for once in a process. */
export const s3Program = (): Promise<Program> => (known ??= find())

/** Why this machine gives tests no S3 server; null: it does. */
export async function whyNoS3(): Promise<string | null> {
  const found = await s3Program()
  return 'reason' in found ? found.reason : null
}
