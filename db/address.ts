/** From DATABASE_URL to what the driver takes, with what every session of ours has. */
import { userInfo } from 'node:os'
import { DagbokError } from '#server/domain/errors/errors.ts'

export interface SessionOptions {
  applicationName?: string
  /** ms after which the database closes a transaction in which nothing happens; without, it waits. */
  idleInTransactionMs?: number
}

/** Parameters of the address that are the driver's; any other is a setting of the session, as with libpq's `options`. */
const drivers = new Set([
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'options',
  'application_name',
  'connect_timeout',
  'uselibpqcompat',
])
const modes = ['disable', 'require', 'verify-ca', 'verify-full']

/** The account that the process runs under, which is Postgres' own default; in a container it may have no name. */
function accountName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}

function settleTls(params: URLSearchParams): void {
  // The earlier driver's word for it.
  const own = params.get('ssl')
  if (own !== null) {
    params.delete('ssl')
    params.set('sslmode', own === 'true' ? 'require' : own === 'false' ? 'disable' : own)
  }
  const mode = params.get('sslmode')
  if (mode === null) return
  if (!modes.includes(mode))
    throw new DagbokError(
      'bad_input',
      `DATABASE_URL has sslmode=${mode}: write one of ${modes.join(', ')}, which never fall back to another.`,
    )
  // `require` encrypts and looks at no certificate, as with libpq.
  params.set('uselibpqcompat', 'true')
}

/** @throws DagbokError `bad_input` for several hosts, and for a `sslmode` that is not one thing or the other */
export function addressOf(
  url: string,
  options: SessionOptions,
): { connectionString: string; application_name: string } {
  const address = new URL(url)
  const params = address.searchParams
  if ([address.hostname, params.get('host') ?? ''].some((host) => host.includes(',')))
    throw new DagbokError('bad_input', 'DATABASE_URL names several hosts: name one, or a proxy before them.')
  settleTls(params)
  const settings = [params.get('options') ?? '', '-c TimeZone=UTC']
  for (const [name, value] of Array.from(params))
    if (!drivers.has(name)) {
      settings.push(`-c ${name}=${value.replaceAll(/[\\ ]/g, String.raw`\$&`)}`)
      params.delete(name)
    }
  if (options.idleInTransactionMs !== undefined)
    settings.push(`-c idle_in_transaction_session_timeout=${options.idleInTransactionMs}`)
  params.set('options', settings.join(' ').trim())
  if (address.username === '') address.username = params.get('user') ?? accountName() ?? ''
  return { connectionString: address.href, application_name: options.applicationName ?? 'dagbok' }
}
