/** What `dagbok doctor` looks at: each check says what it found, and where that is not right, what to do. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { standingWords } from '#server/domain/pod/cluster-report.ts'
import { whyFull } from '#server/domain/space.ts'
import { machineOf } from '#server/domain/words.ts'
import type { SecretView } from '#server/views/secret.ts'
import type { DeploymentView } from '#server/views/deployment.ts'
import type { WorkerView } from '#server/views/worker.ts'
import type { Account } from '../../client/account.ts'
import { RestClient } from '../../client/rest-client.ts'

export interface Finding {
  check: string
  /** `note`: it works, but something is left out. */
  verdict: 'good' | 'note' | 'bad'
  found: string
  /** What to do next; null where nothing is to be done. */
  mend: string | null
}

const good = (check: string, found: string): Finding => ({ check, verdict: 'good', found, mend: null })
const note = (check: string, found: string, mend: string): Finding => ({
  check,
  verdict: 'note',
  found,
  mend,
})
const bad = (check: string, found: string, mend: string): Finding => ({ check, verdict: 'bad', found, mend })

/** ms of difference that a clock may have before schedules and expiries mislead whoever reads them here. */
const clockMs = 5000

/** The first line of what a program says of its version; null when it is not there. */
async function versionOf(program: string): Promise<string | null> {
  const { stdout } = await promisify(execFile)(program, ['--version']).catch(() => ({ stdout: null }))
  return stdout === null ? null : (stdout.split('\n')[0] ?? '').trim()
}

export async function machine(): Promise<Finding[]> {
  const [git, python] = [await versionOf('git'), await versionOf('python3')]
  return [
    good('Node', process.version),
    git === null
      ? bad('git', 'it is not on the PATH', 'Install git: a push is the deployment.')
      : good('git', git),
    python === null
      ? note(
          'Python',
          'there is no python3',
          'Install it where `.dag.py` programs are checked and Python scripts run; nothing else needs it.',
        )
      : good('Python', python),
  ]
}

async function ask(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(10_000) })
}

/** Whether the product answers and has its database; its clock beside ours. */
export async function product(url: string): Promise<Finding[]> {
  const live = await ask(`${url}/api/health/live`).catch((error: unknown) => error as Error)
  if (live instanceof Error) {
    const { code, message } = (live.cause ?? live) as { code?: string; message: string }
    return [
      bad(
        'product',
        `${url} does not answer (${code ?? message})`,
        'Start it with `npm start`, or name another with DAGBOK_URL.',
      ),
    ]
  }
  const body = (await live.json().catch(() => null)) as { status?: unknown } | null
  if (body?.status !== 'live')
    return [bad('product', `${url} answers, but not as a Dagbok does`, 'Look at the address again.')]
  const ready = await ask(`${url}/api/health/ready`).catch(() => null)
  const told = (await ready?.json().catch(() => null)) as Told | null | undefined
  return [
    good('product', url),
    ...(typeof told?.refusing === 'string' ? [disk('disk', told.refusing)] : []),
    ...(typeof told?.store === 'string' ? [store(told.store)] : []),
    ready?.ok === true
      ? good('database', 'it answers')
      : bad(
          'database',
          'the product does not reach it',
          'Look at its log; it comes back by itself when the database does.',
        ),
    clock(live.headers.get('date')),
  ]
}

/** What the product says of itself; one of an earlier build does not say all of it. */
interface Told {
  refusing?: unknown
  store?: unknown
}

/** @param fault its sentence: what is wrong with the store, and behind the colon what to do */
function store(fault: string): Finding {
  const at = fault.lastIndexOf(': ')
  if (at < 0) return bad('store', fault, 'Look at the log of the product.')
  const mend = fault.slice(at + 2)
  return bad('store', fault.slice(0, at), mend.charAt(0).toUpperCase() + mend.slice(1))
}

/** @param refusing its sentence: what is full, how much is free, what to do */
function disk(check: string, refusing: string): Finding {
  const [found = refusing, ...rest] = refusing.split(/(?<=\.) /)
  return bad(check, found, rest.join(' '))
}

function clock(said: string | null): Finding {
  const off = Math.abs(Date.now() - Date.parse(said ?? ''))
  if (Number.isNaN(off))
    return note('clock', 'the product does not say its time', 'Ask for it without a proxy.')
  const found = `${Math.round(off / 1000)} s apart from the product’s`
  // The header has whole seconds.
  return off <= clockMs + 1000
    ? good('clock', found)
    : bad('clock', found, 'Set both clocks by NTP: schedules, expiries and times shown are the product’s.')
}

/** Whether the token opens the product, and who takes work of the pool. */
export async function account(given: Account | null): Promise<Finding[]> {
  if (given === null)
    return [bad('account', 'you are not signed in', 'Run `dagbok login`, or set DAGBOK_TOKEN.')]
  const client = new RestClient(given)
  try {
    const me = await client.get<{ name: string; teams: { name: string; role: string }[] }>('/me')
    const teams = me.teams.map(({ name, role }) => `${name} (${role})`).join(', ')
    const findings = [good('account', `${me.name}, ${teams}`)]
    for (const { name } of me.teams) findings.push(await pool(client, name), ...(await secrets(client, name)))
    findings.push(...(await deployment(client)))
    return findings
  } catch (error) {
    if (!(error instanceof DagbokError && ['unauthenticated', 'forbidden'].includes(error.code))) throw error
    return [bad('account', error.message, 'Make a token under Settings, Tokens, and run `dagbok login`.')]
  }
}

/** Whether what was kept can still be read; nothing is said of a team without any, nor by a product of an earlier build. */
async function secrets(client: RestClient, team: string): Promise<Finding[]> {
  const path = `/teams/${encodeURIComponent(team)}/secrets`
  const all = await client.get<SecretView[]>(path).catch((error: unknown) => {
    if (error instanceof DagbokError && error.code === 'not_found') return []
    throw error
  })
  if (all.length === 0) return []
  const check = `secrets of ${team}`
  const lost = all.filter(({ readable }) => !readable).map(({ name }) => name)
  if (lost.length === 0) return [good(check, `${all.length} that can be read`)]
  return [
    bad(
      check,
      `${lost.join(', ')} of ${all.length} cannot be read: kept with another key (DAGBOK_SECRETS_KEY)`,
      'Give the product the key that it had, or set them anew with `dagbok secret set NAME`.',
    ),
  ]
}

/** What the deployment says of all its tasks. */
async function deployment(client: RestClient): Promise<Finding[]> {
  const { parallelism, active, executor, clusters, processes } = await client.get<
    // One of an earlier build does not say all of it.
    Omit<DeploymentView, 'processes'> & { processes?: boolean }
  >('/deployment')
  const most = parallelism === null ? '' : ` of ${parallelism} that may (DAGBOK_PARALLELISM)`
  const here = processes === false ? '; none runs on its own machine (DAGBOK_PROCESSES)' : ''
  const tasks = `${active}${most} run now; one that names no executor is for \`${executor}\`${here}`
  return [good('tasks', tasks), ...clusters.map(cluster)]
}

/** Whether a cluster answers, and lets us do what is to be done there. */
function cluster(one: DeploymentView['clusters'][number]): Finding {
  const { name, server, reachable, fault } = one
  const check = `cluster ${name}`
  const found = `${standingWords(one)}${server === null ? '' : ` (${server})`}`
  if (fault === null) return good(check, found)
  return bad(
    check,
    found,
    reachable === null
      ? 'Look at the log of the product.'
      : 'Look at the cluster, and at the kubeconfig and the rights that the file of DAGBOK_CLUSTERS_FILE names: it goes on by itself.',
  )
}

async function pool(client: RestClient, team: string): Promise<Finding> {
  const check = `pool of ${team}`
  const workers = await client.get<WorkerView[]>(`/teams/${encodeURIComponent(team)}/workers`)
  const there = workers.filter((one) => !one.silent && !one.draining)
  const full = there.find((one) => one.full !== null)
  if (full?.full != null) return disk(`${check}, ${machineOf(full.host)}`, whyFull(full.full))
  if (there.length > 0) {
    const places = there.reduce((sum, one) => sum + one.slots, 0)
    return good(check, `${there.length} workers with ${places} places`)
  }
  return note(
    check,
    'no worker is there',
    'Tasks with `executor: pool` wait until one is: `dagbok worker --help`. All others run beside the product.',
  )
}
