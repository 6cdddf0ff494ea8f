/** A push before its refs move: every fault of every file at once, and what no ref may do. */
import { insertPush, openPushes } from '#db/queries/push.ts'
import { repositoryById } from '#db/queries/repository.ts'
import { dagsAtRef } from '#db/queries/version.ts'
import { failpoint } from '../../config/failpoint.ts'
import { formatFault } from '../../domain/notebook/fault.ts'
import { leftOut } from '../../domain/version/left-out.ts'
import type { RefUpdate } from '../../domain/version/ref-update.ts'
import type { HookAnswer, HookCall } from '../../git/hooks/conversation.ts'
import { isRefName, noSha, type Quarantine } from '../../git/run-git.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { checkTree } from '../version/check-tree.ts'
import { requireRoom } from '../require-room.ts'
import { circleErrors } from './check-circles.ts'
import { filesIn, readSnapshot, runForPush } from '../version/read-snapshot.ts'
import { reconcile } from '../version/reconcile.ts'

interface Checked {
  errors: string[]
  /** Faults that are taken: those DAGs have no version. */
  faults: string[]
  /** What is no fault, and still not as its author may think. */
  warnings: string[]
}

const refusal = (...errors: string[]): Checked => ({ errors, faults: [], warnings: [] })

async function checkUpdate(
  ctx: ServiceContext,
  repositoryId: string,
  update: RefUpdate,
  isDefault: boolean,
  quarantine: Quarantine | null,
): Promise<Checked> {
  const name = update.ref.replace(/^refs\/(heads|tags)\//, '')
  if (!isRefName(update.ref))
    return refusal(`${update.ref} cannot be pushed: branches and tags with plain names can`)
  if (update.newSha === noSha)
    return refusal(...(isDefault ? [`${name} is the default branch and cannot be deleted`] : []))
  const { commit } = update
  if (commit === undefined) return refusal(`${name} is no commit: push one, or a tag of one`)
  const errors: string[] = []
  if (
    isDefault &&
    update.oldSha !== noSha &&
    !(await ctx.repositories.isAncestor(repositoryId, update.oldSha, commit, quarantine))
  )
    errors.push(
      `${name} is protected: it cannot be moved to a commit that leaves its history out (no force-push)`,
    )
  // What is too much is refused before anything of it is read or run.
  const entries = await ctx.repositories.tree(repositoryId, commit, quarantine)
  const refused = await checkTree(ctx, repositoryId, entries, quarantine)
  if (refused.length > 0) return refusal(...errors, ...refused)
  const dags = await readSnapshot(ctx, repositoryId, entries, {
    q: ctx.db,
    printed: runForPush,
    quarantine,
  })
  const repository = isDefault ? await repositoryById(ctx.db, repositoryId) : null
  if (repository !== null) errors.push(...(await circleErrors(ctx.db, repository, dags)))
  // What stood there with its faults before the push is not the push's fault.
  const before = new Set(
    (await dagsAtRef(ctx.db, repositoryId, update.ref)).flatMap((dag) => dag.faults.map(formatFault)),
  )
  const faults = [...new Set(dags.flatMap((dag) => dag.faults.map(formatFault)))].map((line) => ({
    line,
    old: before.has(line),
  }))
  const lines = faults.filter((fault) => !fault.old).map((fault) => `error: ${fault.line}`)
  const warnings = leftOut(filesIn(entries), dags).map((one) => `warning: ${formatFault(one)}`)
  return isDefault
    ? { errors: [...errors, ...lines], faults: [], warnings }
    : { errors, faults: lines, warnings }
}

/**
 * Answers pre-receive: checks, records what is accepted, and says everything that is wrong.
 * @throws DagbokError `unavailable` while a disk is full
 */
export async function checkPush(
  ctx: ServiceContext,
  actor: Actor,
  repositoryId: string,
  call: HookCall,
): Promise<HookAnswer> {
  const [first] = call.updates
  await failpoint('push.check.before', first?.ref)
  // Its objects may have taken what was left when it began.
  await requireRoom(ctx)
  // What an earlier push has moved must be told before this one moves it on (R10).
  if ((await openPushes(ctx.db, repositoryId)).length > 0) await reconcile(ctx, repositoryId)
  const repository = await repositoryById(ctx.db, repositoryId)
  const branches = call.updates
    .filter((update) => update.ref.startsWith('refs/heads/') && update.newSha !== noSha)
    .map((update) => update.ref.slice('refs/heads/'.length))
  const protectedBranch = repository?.defaultBranch ?? (branches.includes('main') ? 'main' : branches[0])
  const updates: RefUpdate[] = []
  for (const update of call.updates) {
    const commit = await ctx.repositories.commitOf(repositoryId, update.newSha, call.quarantine)
    updates.push(commit === null ? update : { ...update, commit })
  }
  const checked: Checked[] = []
  for (const update of updates)
    checked.push(
      await checkUpdate(
        ctx,
        repositoryId,
        update,
        update.ref === `refs/heads/${protectedBranch}`,
        call.quarantine,
      ),
    )
  const unknown = call.options
    .filter((option) => option !== 'run' && !/^run=[a-z][a-z0-9_-]{0,62}$/.test(option))
    .map((option) => `the push option '${option}' is not known: run, run=DAG`)
  const errors = [...unknown, ...checked.flatMap((one) => one.errors)]
  const faults = checked.flatMap((one) => one.faults)
  const accepted = errors.length === 0
  await failpoint('push.check.after-effect-before-record', first?.ref)
  await insertPush(ctx.db, {
    repositoryId,
    userId: actor.userId,
    options: call.options,
    updates,
    state: accepted ? 'checked' : 'rejected',
  })
  await failpoint('push.check.after-record', first?.ref)
  return {
    accepted,
    lines: [
      ...errors.map((line) => (line.startsWith('error: ') ? line : `error: ${line}`)),
      ...faults,
      ...new Set(checked.flatMap((one) => one.warnings)),
      ...(faults.length > 0 ? ['accepted with faults: those DAGs have no version here'] : []),
    ],
  }
}
