/** For tests: the desk of a place where attempts are carried out. */
import { join } from 'node:path'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { bundleFiles } from '#server/services/version/bundle-files.ts'
import { Desk, type DeskOptions } from '../executors/pool/desk.ts'
import type { Place } from './crew.ts'

/** It does not listen yet. */
export const deskOf = (
  { db, hosted, scheduler, sink }: Place,
  more: Pick<DeskOptions, 'leaseSeconds' | 'podChanged'> = {},
): Desk =>
  new Desk({
    db,
    sink,
    artifacts: hosted.ctx.artifacts,
    secrets: new SecretsOfAttempts(db, hosted.ctx.secrets),
    files: (versionId) => bundleFiles(hosted.ctx, versionId),
    scheduler,
    uploads: join(hosted.folder, 'uploads'),
    log: hosted.ctx.log,
    ...more,
  })
