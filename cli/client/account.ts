/** Where the product is and who asks: the environment, else the file that `dagbok login` keeps. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { cliEnvironment, type CliEnvironment } from '#server/config/cli.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { UsageError } from './failure.ts'

export interface Account {
  /** Without a slash at its end. */
  url: string
  token: string
}

const accountSchema = z.object({ url: z.string(), token: z.string() })

/** Where `npm start` listens unless told otherwise. */
export const defaultUrl = 'http://127.0.0.1:7310'

const fileOf = ({ configFolder }: CliEnvironment) => join(configFolder, 'account.json')

/** The address of a product as it is kept; that of its REST is taken, too. @throws UsageError */
export function productUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new UsageError(
      `'${text}' is no address of a Dagbok: write ${defaultUrl}, without a name or a password.`,
    )
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '').replace(/\/api\/v1$/, '')
}

/** What was kept; null when nothing is. @throws DagbokError `bad_input` when the file cannot be understood */
export async function keptAccount(environment = cliEnvironment()): Promise<Account | null> {
  const file = fileOf(environment)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw new DagbokError('bad_input', `${file} cannot be read (${error.code ?? error.message}).`)
  })
  if (text === null) return null
  try {
    return accountSchema.parse(JSON.parse(text))
  } catch {
    throw new DagbokError('bad_input', `${file} is damaged: remove it, and run \`dagbok login\` again.`)
  }
}

/** Keeps it for the user alone (mode 0600). Gives the file. @throws DagbokError `bad_input` */
export async function keepAccount(account: Account, environment = cliEnvironment()): Promise<string> {
  const file = fileOf(environment)
  const aside = `${file}.${process.pid}`
  try {
    await mkdir(environment.configFolder, { recursive: true, mode: 0o700 })
    await writeFile(aside, `${JSON.stringify(account)}\n`, { mode: 0o600 })
    await rename(aside, file)
  } catch (error) {
    throw new DagbokError('bad_input', `The token cannot be kept: ${(error as Error).message}.`)
  }
  return file
}

/** Whether there was one. */
export async function forgetAccount(environment = cliEnvironment()): Promise<boolean> {
  const there = (await keptAccount(environment).catch(() => 'damaged')) !== null
  await rm(fileOf(environment), { force: true })
  return there
}

/**
 * Whom to ask, and as whom. A kept token is sent to the address it was kept for, and to no other.
 * @throws DagbokError `unauthenticated` when there is no token
 */
export async function currentAccount(environment = cliEnvironment()): Promise<Account> {
  const kept = environment.url !== null && environment.token !== null ? null : await keptAccount(environment)
  const url = productUrl(environment.url ?? kept?.url ?? defaultUrl)
  const token = environment.token ?? (kept?.url === url ? kept.token : null)
  if (token !== null) return { url, token }
  throw new DagbokError(
    'unauthenticated',
    kept === null
      ? 'You are not signed in: run `dagbok login`, or set DAGBOK_TOKEN.'
      : `You are signed in at ${kept.url} and not at ${url}: run \`dagbok login --url ${url}\`, or set DAGBOK_TOKEN.`,
  )
}
