/** What strikes a fleet: one fault of a kind, over when this resolves, and everyone is started again who was ended. */
import { openSql } from '#db/sql.ts'
import { untilBack } from './back.ts'
import type { Far } from './far.ts'
import type { Site } from './fleet-site.ts'
import type { FleetMember, FleetWorker } from './fleet.ts'
import { insist, pause } from './until.ts'
import type { Wire } from './wire.ts'

export interface Struck {
  site: Site
  far: Far
  /** ms. */
  leaseMs: number
  poolLeaseMs: number
}

const stages = [
  'run.admit.before',
  'attempt.claim.after-record',
  'attempt.spawn.after-effect-before-record',
  'attempt.gate.before',
  'attempt.gate.after-record',
  'output.publish.after-effect-before-record',
  'attempt.end.before',
  'attempt.end.after-record',
] as const

/** What a worker of the pool asks, whose answer is then lost. */
const askedOfDesk = [
  'attempt/submitted',
  'attempt/start',
  'attempt/blobs',
  'attempt/end',
  'worker/poll',
] as const

/** The gate is asked with the handle of the process, and then committed. */
const commits = [['commit'], ['bootId', 'commit']] as const

type Next = (below: number) => number
/** One strike; a text that it gives is what was wrong at once. */
type Strike = (struck: Struck, at: number, next: Next) => Promise<unknown>

const cutConnections = ({ site }: Struck) =>
  insist(
    () =>
      site.db
        .client`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dagbok worker'`,
  )

async function takeConnections(struck: Struck): Promise<void> {
  const greedy = openSql(struck.site.url, { max: 90 })
  const held = Array.from({ length: 90 }, () => greedy`select pg_sleep(1)`.catch(() => null))
  await cutConnections(struck)
  await Promise.all(held)
  await greedy.end()
}

/** Waits for the failpoint's kill; a stage that nothing comes to within some seconds is killed from outside. */
async function dieAtStage(worker: FleetWorker, stage: string): Promise<void> {
  await worker.kill()
  worker.start([`${stage}=kill`])
  for (const end = Date.now() + 7000; !worker.dead && Date.now() < end;) await pause(20)
  await worker.kill()
}

async function standStill(member: FleetMember | undefined, ms: number): Promise<void> {
  member?.pause()
  await pause(ms)
  member?.resume()
}

const one = <Item>(items: readonly Item[], next: Next): Item => items[next(items.length)] as Item
/** ms that an answer is waited for that is to be lost. */
const soonMs = 3000

/**
 * Off the network, both ways, half of the time in the midst of a question: then what was asked for took place. Half of the
 * time what was sent arrives late, half of the time it never does.
 */
async function cutOff(wire: Wire | undefined, asked: readonly string[], ms: number, next: Next) {
  if (next(2) === 0) await wire?.loseAnswer(asked, soonMs, 'cut')
  wire?.cut()
  await pause(ms)
  wire?.mend(next(2) === 0 ? 'late' : 'reset')
}

const strikes = {
  kill: async ({ site }, at) => site.fleet[at]?.kill(),
  stop: async ({ site }, at) => site.fleet[at]?.stop(),
  stage: async ({ site }, at, next) => {
    const worker = site.fleet[at]
    if (worker !== undefined) await dieAtStage(worker, one(stages, next))
  },
  pause: ({ site, leaseMs }, at) => standStill(site.fleet[at], 2 * leaseMs),
  'cut off': ({ site, leaseMs }, at, next) => cutOff(site.wires[at], one(commits, next), 2 * leaseMs, next),
  'commit unanswered': async ({ site }, at, next) => site.wires[at]?.loseAnswer(one(commits, next), soonMs),
  'connections cut': (struck) => cutConnections(struck),
  'no connection left': (struck) => takeConnections(struck),
  'postgres killed': async ({ site }) => {
    await site.killPostgres()
    return untilBack(site)
  },
  'far kill': async ({ far }, at) => far.workers[at]?.kill(),
  'far stop': async ({ far }, at) => far.workers[at]?.stop(),
  'far pause': ({ far, poolLeaseMs }, at) => standStill(far.workers[at], 2 * poolLeaseMs),
  'far cut off': ({ far, poolLeaseMs }, at, next) =>
    cutOff(far.wires[at], [one(askedOfDesk, next)], 2 * poolLeaseMs, next),
  'far unanswered': async ({ far }, at, next) => far.wires[at]?.loseAnswer([one(askedOfDesk, next)], soonMs),
} satisfies Record<string, Strike>
export type Kind = keyof typeof strikes

/** Of thirty trials: how many are of which kind. */
const shares: Record<Kind, number> = {
  kill: 6,
  stop: 1,
  stage: 6,
  pause: 2,
  'cut off': 1,
  'commit unanswered': 2,
  'connections cut': 2,
  'no connection left': 1,
  'postgres killed': 1,
  'far kill': 3,
  'far stop': 1,
  'far pause': 1,
  'far cut off': 1,
  'far unanswered': 2,
}
const kinds = Object.entries(shares).flatMap(([kind, n]) => Array.from({ length: n }, () => kind as Kind))

export const kindOf = (seed: number): Kind => kinds[seed % kinds.length] ?? 'kill'

/**
 * @param at number of the scheduler that it strikes, or of the worker of the pool
 * @returns what was wrong at once, or since the last one: no process may end by itself (R14)
 */
export async function strike(struck: Struck, kind: Kind, at: number, next: Next): Promise<string[]> {
  const act: Strike = strikes[kind]
  const wrong = await act(struck, at, next)
  const members = [...struck.site.fleet, ...struck.far.workers]
  for (const member of members) if (member.dead) member.start()
  return [...(typeof wrong === 'string' ? [wrong] : []), ...members.flatMap(({ fell }) => fell)]
}
