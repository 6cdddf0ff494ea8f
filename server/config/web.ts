/** What the supervisor hands to the web process, and what Next and next-auth want in the environment. */
import { processSettings } from './environment.ts'
import { isLoopback } from './read.ts'

export interface WebSettings {
  databaseUrl: string
  host: string
  port: number
  publicUrl: string | null
  sessionSecret: string
  /** Folder of the Next build, relative to the project. */
  buildFolder: string
}

/** @throws DagbokError `bad_input`; or when it was not started by the supervisor */
export function webSettings(): WebSettings {
  const { DATABASE_URL, NEXTAUTH_SECRET, NEXTAUTH_URL, HOST, PORT } = processSettings()
  if (DATABASE_URL === undefined || NEXTAUTH_SECRET === undefined)
    throw new Error(
      'the web process is started by `npm start`, which gives it DATABASE_URL and NEXTAUTH_SECRET',
    )
  return {
    databaseUrl: DATABASE_URL,
    host: HOST,
    port: PORT,
    publicUrl: NEXTAUTH_URL?.replace(/\/$/, '') ?? null,
    sessionSecret: NEXTAUTH_SECRET,
    buildFolder: buildFolder(),
  }
}

/** Whether other machines reach a server whose tasks are its own processes: `DAGBOK_ALLOW_PROCESS=1` let it start so. */
export function isOpen(): boolean {
  const { HOST, DAGBOK_PROCESSES } = processSettings()
  return !isLoopback(HOST) && DAGBOK_PROCESSES === '1'
}

export const buildFolder = (): string => process.env['DAGBOK_DIST_DIR'] ?? '.build'

/** next-auth reads its own address from the environment, which is only known once the server listens. */
export function setNextAuthUrl(url: string): void {
  process.env['NEXTAUTH_URL'] = url
}
