/** Composition root of the worker process: reads the configuration, builds the adapters, starts the roles. */
import { randomUUID } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { availableParallelism, hostname } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { openDatabase } from '#db/client.ts'
import { throughOutages } from '#db/outage.ts'
import { attemptsOfEarlierLives } from '#db/queries/attempt.ts'
import { defaultQueue, graceLeases, registerWorker, workerAlive, workerStopped } from '#db/queries/worker.ts'
import { holdToSchema, watchSchema } from '#db/schema-guard.ts'
import { postgresStore } from '#db/scheduling-store.ts'
import { inheritedByTasks, secretPlaces } from '#server/config/environment.ts'
import { gitPath } from '#server/config/git.ts'
import { deskSocket } from '#server/config/desk.ts'
import { backSeconds } from '#server/config/lease.ts'
import { statementMs, storeMs } from '#server/config/patience.ts'
import { productSettings } from '#server/config/product.ts'
import { HostedRepositories } from '#server/git/hosted.ts'
import { ThreadedCompiler } from '#server/services/compile/threaded-compiler.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { TableProcess } from '#server/services/comparison/table-process.ts'
import { productDisks } from '#server/storage/disks.ts'
import { SecretBox } from '#server/services/secret/secret-box.ts'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { bundleFiles } from '#server/services/version/bundle-files.ts'
import { openStore } from '#server/storage/open-store.ts'
import { Desk } from './executors/pool/desk.ts'
import { ClusterHost } from './executors/kubernetes/cluster-host.ts'
import { clusterClient, deploymentsOf, filesOf, serverOf } from './executors/kubernetes/kubeconfig.ts'
import { Checkouts } from './executors/process/checkouts.ts'
import { openHost, programFinder } from './executors/process/host.ts'
import { ProcessExecutor } from './executors/process/process-executor.ts'
import { WarmStarts } from './executors/process/warm/warm-starts.ts'
import { Maintenance } from './maintenance/maintenance.ts'
import { ProgramRunner } from './programs/program-runner.ts'
import { GitReconciler } from './reconciler/git-reconciler.ts'
import { DiskWatch } from './scheduler/disk-watch.ts'
import { realEffects } from './scheduler/effects.ts'
import { Enqueuers } from './scheduler/enqueuers.ts'
import { Scheduler } from './scheduler/scheduler.ts'

/** ms that attempts get to end by themselves when the product stops. */
const graceMs = 2500

/** ms between two signs of life. */
const beatMs = 10_000

const settings = productSettings()
const { processes } = settings.deployment
/** Two products of one machine are two hosts: none ends the other's attempts. */
const hostName = `${hostname()}:${settings.runtimeFolder}`
const db = openDatabase(settings.databaseUrl, { max: 10, applicationName: 'dagbok worker', statementMs })
const { artifacts, name: storeName } = await openStore(settings.store, hostName, storeMs)
const log = pino({ level: settings.logLevel, base: { process: 'worker' } })
const ctx: ServiceContext = {
  db,
  artifacts,
  repositories: new HostedRepositories(join(settings.dataFolder, 'repositories')),
  compiler: new ThreadedCompiler((details) => log.error({ details }, 'a notebook could not be compiled')),
  log,
  deployment: settings.deployment,
  clusters: settings.clusters,
  disks: productDisks(settings),
  tables: new TableProcess(),
  secrets: new SecretBox(settings.secretsKey),
  publicUrl: settings.publicUrl ?? '',
}

const away = (error: unknown) => log.warn({ err: error }, 'the database cannot be asked; trying again')
/** A store that is away keeps what was left there, for the next life or for the collector. */
const unswept = (error: unknown) => log.warn({ err: error, store: storeName }, 'the store was not swept')
/** Each part of the start can be done again: the database may be away for a while (R14). */
const insist = (work: () => Promise<void>) => throughOutages(work, away)

await holdToSchema(db.client, away)

const host = await openHost(settings.runtimeFolder, gitPath())
const workerId = randomUUID()
const secrets = new SecretsOfAttempts(db, ctx.secrets)
const diskWatch = new DiskWatch(ctx.disks, log)
const scheduler = new Scheduler(postgresStore(db), ctx.log, workerId, artifacts, {
  ...realEffects,
  fullDisk: () => diskWatch.full,
  secrets: (runId, names) => secrets.values(runId, names),
  parallelism: settings.deployment.parallelism,
})
const executor = new ProcessExecutor({
  host,
  checkouts: new Checkouts(join(host.runtime, 'versions'), (versionId) => bundleFiles(ctx, versionId), host),
  artifacts: () => ctx.artifacts,
  find: programFinder(host),
  inherited: inheritedByTasks(),
  warm: settings.warm && processes ? new WarmStarts(host) : null,
  capacity: processes ? Math.max(4, availableParallelism() * 2) : 0,
  sink: scheduler.sink,
  released: (token) => scheduler.released(token),
  log: ctx.log,
  graceMs,
})
const desk = new Desk({
  db,
  sink: scheduler.sink,
  artifacts: ctx.artifacts,
  secrets,
  files: (versionId) => bundleFiles(ctx, versionId),
  scheduler,
  uploads: join(settings.dataFolder, 'uploads'),
  leaseSeconds: settings.poolLease,
  podChanged: (attemptId) => clusters.forEach((cluster) => cluster.changed(attemptId)),
  log,
})
const clusters = settings.clusters.map(
  (cluster) =>
    new ClusterHost({
      cluster,
      client: clusterClient(cluster),
      deployments: deploymentsOf(cluster),
      workerGone: (id) => desk.forget(id),
      address: () => serverOf(cluster),
      databaseUrl: settings.databaseUrl,
      db,
      artifacts,
      secrets,
      sink: scheduler.sink,
      scheduler,
      released: (token) => scheduler.released(token),
      log,
    }),
)
const programs = new ProgramRunner({
  db,
  repositories: ctx.repositories,
  host,
  hostName,
  hidden: [settings.dataFolder, ...secretPlaces(), ...settings.clusters.flatMap(filesOf)],
  trusting: settings.deployment.processes,
  log,
})
const reconciler = new GitReconciler(ctx)
const enqueuers = new Enqueuers(ctx)
const { collector, databaseUrl, publicUrl } = settings
// Its library is not loaded for nobody.
const traces =
  collector === null
    ? null
    : new (await import('./telemetry/trace-exporter.ts')).TraceExporter({
        db,
        databaseUrl,
        collector,
        publicUrl,
        log,
      })
const policy = { keepDays: settings.keepRunDays }
const maintenance = new Maintenance({ db, databaseUrl, shelf: artifacts, policy, log })

await insist(() =>
  registerWorker(db, {
    id: workerId,
    host: hostName,
    pid: process.pid,
    queues: processes ? [defaultQueue] : [],
    slots: executor.capacity,
  }),
)
let stopping = false
const beat = setInterval(() => {
  workerAlive(db, workerId).catch((error: unknown) => log.warn({ err: error }, 'a heartbeat was not written'))
}, beatMs)
watchSchema(db.client, (code) => void stop(code))
await insist(async () => executor.endOrphans(await attemptsOfEarlierLives(db, hostName, workerId)))
await artifacts.sweep().catch(unswept)
// While there was no desk nobody could prolong a lease: those who went on are waited for.
await insist(() => graceLeases(db, backSeconds))
await diskWatch.start()
await insist(() => scheduler.start(executor))
const socket = deskSocket(host.runtime)
await mkdir(socket.folder, { recursive: true, mode: 0o700 })
await chmod(socket.folder, 0o700)
await insist(async () => void (await desk.listen(socket.path)))
for (const cluster of clusters) cluster.start()
reconciler.start()
await insist(() => enqueuers.start())
maintenance.start()
traces?.start()
// Last: to try the seal may take its time where mounts hang.
await insist(() => programs.start())
process.send?.({ type: 'ready', url: '' })

async function stop(code = 0): Promise<void> {
  if (stopping) return
  stopping = true
  clearInterval(beat)
  await Promise.all([enqueuers.stop(), reconciler.stop(), programs.stop(), maintenance.stop(), desk.close()])
  // Beside the others: a collector that does not answer takes nothing of the attempts' time.
  const told = traces?.stop()
  // First nothing new is taken, then what runs is ended and written down.
  await Promise.all([scheduler.stop(), diskWatch.stop(), ...clusters.map((cluster) => cluster.stop())])
  await executor.stop(graceMs)
  await told
  await workerStopped(db, workerId)
  await db.close()
  process.exit(code)
}
process.once('SIGTERM', () => void stop())
process.once('SIGINT', () => {})
// Without the supervisor nobody would end this process: it ends itself, and what it started.
process.once('disconnect', () => void stop())
