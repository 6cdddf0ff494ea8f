/** For tests: who carries out the attempts of a workshop. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Database } from '#db/client.ts'
import { attemptsOfEarlierLives } from '#db/queries/attempt.ts'
import { inheritedByTasks } from '#server/config/environment.ts'
import { gitPath } from '#server/config/git.ts'
import { bundleFiles } from '#server/services/version/bundle-files.ts'
import type { Hosted } from '#server/testing/hosted.ts'
import { Checkouts } from '../executors/process/checkouts.ts'
import { openHost, programFinder } from '../executors/process/host.ts'
import { ProcessExecutor } from '../executors/process/process-executor.ts'
import { WarmStarts } from '../executors/process/warm/warm-starts.ts'
import type { AttemptSink } from '../executors/executor.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'

export interface Place {
  db: Database
  hosted: Hosted
  /** Folder that tasks' processes may enter. */
  runtime: string
  scheduler: Scheduler
  sink: AttemptSink
  workerId: string
}

export interface Crew {
  /** Folder below which the attempts lie. */
  runtime: string
  /** Dies without a word and is there again, as after a kill -9. */
  crash: () => Promise<void>
  stop: (graceMs: number) => Promise<void>
}

/** The `process` executor, in the process of the test. */
export async function processCrew(place: Place, warm = true): Promise<Crew> {
  const { db, hosted, runtime, scheduler, sink } = place
  const host = await openHost(runtime, gitPath())
  /** Tokens of attempts whose executor is dead: the one of this process has nothing to say about them any more. */
  const dead = new Set<string>()
  const living: AttemptSink = {
    submitted: (token, handle) => sink.submitted(token, handle),
    passGate: (token, handle) => sink.passGate(token, handle),
    appendLog: (token, chunk) => sink.appendLog(token, chunk),
    heartbeat: (tokens) => sink.heartbeat(tokens),
    ended: async (token, end) => !dead.has(token) && sink.ended(token, end),
  }
  const kept = warm ? new WarmStarts(host) : null
  const employ = (speaksTo: AttemptSink) =>
    new ProcessExecutor({
      host,
      checkouts: new Checkouts(
        join(runtime, 'versions'),
        (versionId) => bundleFiles(hosted.ctx, versionId),
        host,
      ),
      artifacts: () => hosted.ctx.artifacts,
      find: programFinder(host),
      inherited: inheritedByTasks(),
      warm: kept,
      capacity: 4,
      sink: speaksTo,
      released: (token) => scheduler.released(token),
      log: hosted.ctx.log,
      graceMs: 2000,
    })
  const executor = employ(living)
  await scheduler.start(executor)
  return {
    runtime,
    crash: async () => {
      // What a new life does first: whatever lives on this host is of an earlier one.
      const orphans = await attemptsOfEarlierLives(db, 'test', randomUUID())
      for (const { token } of orphans) dead.add(token)
      await employ(sink).endOrphans(orphans)
    },
    stop: (graceMs) => executor.stop(graceMs),
  }
}
