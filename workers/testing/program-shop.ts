/** For tests: somebody who runs the programs that pushes ask for. */
import { rm } from 'node:fs/promises'
import type { Database } from '#db/client.ts'
import { gitPath } from '#server/config/git.ts'
import type { Hosted } from '#server/testing/hosted.ts'
import { openHost } from '../executors/process/host.ts'
import { ProgramRunner } from '../programs/program-runner.ts'
import { makeRuntime } from './workshop.ts'

export interface ProgramShop {
  runner: ProgramRunner
  /** Where checkouts are made. */
  runtime: string
  /** What no program may see. */
  dataFolder: string
  close: () => Promise<void>
}

/** @param path search path of programs */
export async function openProgramShop(
  db: Database,
  hosted: Hosted,
  path: string = gitPath(),
): Promise<ProgramShop> {
  const runtime = await makeRuntime(hosted.folder)
  const host = await openHost(runtime, path)
  const runner = new ProgramRunner({
    db,
    repositories: hosted.ctx.repositories,
    host,
    hostName: `test ${runtime}`,
    hidden: [hosted.folder],
    trusting: true,
    log: hosted.ctx.log,
  })
  await runner.start()
  return {
    runner,
    runtime,
    dataFolder: hosted.folder,
    close: async () => {
      await runner.stop()
      await host.spawner.close()
      await rm(runtime, { recursive: true, force: true })
    },
  }
}
