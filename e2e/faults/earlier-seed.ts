/**
 * Copied into the checkout of an earlier build and run there: by that build's own code it makes the schema, pushes the DAG
 * of the fleet, and makes some runs. Its arguments: database, data folder, ledger, runs.
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from '#db/client.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { savePool, teamOfDag } from '#db/queries/pool.ts'
import { specOf } from '#db/queries/version.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { startHosted } from '#server/testing/hosted.ts'
import { notebook, slots } from './fleet-dag.ts'

const [url = '', data = '', ledger = '', runs = '0'] = process.argv.slice(2)
await migrateDatabase(url)
const db = openDatabase(url, { max: 4, applicationName: 'dagbok fault test' })
const hosted = await startHosted(db)
const tree = await hosted.work('fleet', { 'fleet.dag.md': notebook })
await tree.commit('A DAG for the fleet')
await tree.git('push', '-q', hosted.remote('fleet'), 'main')
await cp(join(hosted.folder, 'repositories'), join(data, 'repositories'), { recursive: true })
const [version] = await db.client<{ id: string; dag: string }[]>`select id, dag_id as dag from version`
const spec = version === undefined ? null : await specOf(db, version.id)
if (version === undefined || spec === null) throw new Error('the push made no version')
await savePool(db, { teamId: await teamOfDag(db, version.dag), name: 'narrow', slots })
const wanted = { dagId: version.dag, versionId: version.id, spec, params: { ledger } }
for (let i = 0; i < Number(runs); i++)
  await db.transaction((tx) => createRun(tx, { ...wanted, trigger: 'api', triggeredBy: null }))
await hosted.close()
await db.close()
process.exit(0)
