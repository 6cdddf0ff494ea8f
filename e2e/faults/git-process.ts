/**
 * The git half of the product as a process of its own: what the web process answers under `/git/`, and the reconciler of
 * the workers, started in their order. Kill tests need hundreds of lives of it, each in a fraction of a second.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { openDatabase } from '#db/client.ts'
import { handleGit } from '#server/git/http.ts'
import { HostedRepositories } from '#server/git/hosted.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { TableProcess } from '#server/services/comparison/table-process.ts'
import { ThreadedCompiler } from '#server/services/compile/threaded-compiler.ts'
import { SecretBox } from '#server/services/secret/secret-box.ts'
import { gitEndpoint } from '#server/services/push/git-endpoint.ts'
import { plainDeployment } from '#server/domain/run/deployment.ts'
import { Disks } from '#server/storage/disks.ts'
import { FolderStore } from '#server/storage/stores/folder.ts'
import { GitReconciler } from '#workers/reconciler/git-reconciler.ts'

const [databaseUrl = '', folder = '', leastFree = '0'] = process.argv.slice(2)
const repositories = new HostedRepositories(join(folder, 'repositories'))
const ctx: ServiceContext = {
  db: openDatabase(databaseUrl, { max: 4, applicationName: 'dagbok fault test' }),
  artifacts: new FolderStore(join(folder, 'store')),
  repositories,
  compiler: new ThreadedCompiler((details) => console.error(details)),
  deployment: plainDeployment,
  clusters: [],
  disks: new Disks([{ place: 'the data folder', folder }], Number(leastFree)),
  tables: new TableProcess(),
  secrets: new SecretBox('a key of tests, which is long enough'),
  log: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
  publicUrl: 'http://dagbok.test',
}
await repositories.recover()
const server = createServer((request, response) => handleGit(request, response, gitEndpoint(ctx)))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const reconciler = new GitReconciler(ctx)
reconciler.start()
console.log((server.address() as AddressInfo).port)
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  void reconciler
    .stop()
    .then(() => ctx.db.close())
    .finally(() => process.exit(0))
})
