/** The processes of an Airflow: API server, scheduler and DAG processor, each with a process group of its own. */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { atExit } from '../ending.ts'

export interface Place {
  /** Its programs. */
  bin: string
  /** Its AIRFLOW_HOME, with `dags/`. */
  home: string
  /** `postgres://…` of its database, which has a socket as host. */
  database: string
  port: number
  /** Settings other than its defaults, by section and key: `{ 'scheduler.parsing_processes': '2' }`. */
  settings: Record<string, string>
}

/** The same database as SQLAlchemy names it. */
function sqlAlchemyUrl(database: string): string {
  const { username, password, pathname, searchParams } = new URL(database)
  return `postgresql+psycopg2://${username}:${password}@${pathname}?host=${encodeURI(searchParams.get('host') ?? '')}`
}

/** Its defaults, but for what a bench on one machine needs: its own database, loopback, no examples, no sign-in. */
export function environmentOf(place: Place): NodeJS.ProcessEnv {
  const address = `http://127.0.0.1:${place.port}`
  const settings = {
    'core.executor': 'LocalExecutor',
    'core.load_examples': 'False',
    'core.dags_are_paused_at_creation': 'False',
    'core.simple_auth_manager_all_admins': 'True',
    'core.execution_api_server_url': `${address}/execution/`,
    'database.sql_alchemy_conn': sqlAlchemyUrl(place.database),
    'api.host': '127.0.0.1',
    'api.port': String(place.port),
    'api.base_url': address,
    'api.secret_key': randomBytes(24).toString('hex'),
    'api_auth.jwt_secret': randomBytes(32).toString('hex'),
    'usage_data_collection.enabled': 'False',
    ...place.settings,
  }
  const named = Object.entries(settings).map(([key, value]) => [
    `AIRFLOW__${key.replace('.', '__').toUpperCase()}`,
    value,
  ])
  return {
    NODE_ENV: 'production',
    LANG: 'C.UTF-8',
    HOME: place.home,
    PATH: `${place.bin}${delimiter}${process.env['PATH'] ?? '/usr/bin:/bin'}`,
    AIRFLOW_HOME: place.home,
    ...(Object.fromEntries(named) as Record<string, string>),
  }
}

export interface Component {
  name: string
  pid: number
  /** Its file in AIRFLOW_HOME. */
  log: string
  gone: () => boolean
  stop: () => Promise<void>
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody is left in it.
  }
}

/** Ends in order what takes orders within 20 s, and in the end everybody in its group. */
async function startComponent(place: Place, env: NodeJS.ProcessEnv, args: string[]): Promise<Component> {
  const name = args[0] ?? ''
  const log = join(place.home, `${name}.log`)
  const file = await open(log, 'a', 0o600)
  const child = spawn(join(place.bin, 'airflow'), args, {
    cwd: place.home,
    env,
    stdio: ['ignore', file.fd, file.fd],
    detached: true,
  })
  await Promise.all([once(child, 'spawn'), file.close()])
  const pid = child.pid ?? 0
  const forget = atExit(() => signalGroup(pid, 'SIGKILL'))
  let gone = false
  const exited = once(child, 'exit').then(() => void (gone = true))
  const stop = async () => {
    if (!gone) child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await exited
    clearTimeout(patience)
    signalGroup(pid, 'SIGKILL')
    forget()
  }
  return { name, pid, log, gone: () => gone, stop }
}

async function makeTables({ bin, home }: Place, env: NodeJS.ProcessEnv): Promise<void> {
  const options = { cwd: home, env, maxBuffer: 1 << 26 }
  const running = promisify(execFile)(join(bin, 'airflow'), ['db', 'migrate'], options)
  const forget = atExit(() => running.child.kill('SIGKILL'))
  await running.finally(forget)
}

/** Makes the tables and starts all of them; those that started are ended when another does not. */
export async function startComponents(place: Place): Promise<Component[]> {
  const env = environmentOf(place)
  await makeTables(place, env)
  const started: Component[] = []
  try {
    // Its server of logs for other machines would listen beyond loopback.
    for (const args of [['api-server'], ['scheduler', '--skip-serve-logs'], ['dag-processor']])
      started.push(await startComponent(place, env, args))
  } catch (error) {
    for (const component of started) await component.stop()
    throw error
  }
  return started
}
