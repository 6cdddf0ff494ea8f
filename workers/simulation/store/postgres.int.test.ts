import { randomUUID } from 'node:crypto'
import { savePool } from '#db/queries/pool.ts'
import { postgresStore } from '#db/scheduling-store.ts'
import { createWorkerToken } from '#server/services/worker/worker-tokens.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { oneTask, owner, putAtTip } from '../../testing/tips.ts'
import { conformance } from './conformance/conformance.ts'

const { database } = testDatabase()

conformance(() => ({
  store: postgresStore(database()),
  dag: (tasks, front = '') => {
    const name = `d${randomUUID().slice(0, 8)}`
    return putAtTip(database(), 'r', name, oneTask(name, front, tasks))
  },
  pool: async (name, slots) => {
    const { teams } = await owner(database())
    await savePool(database(), { teamId: teams[0]?.id ?? '', name, slots })
  },
  expire: async (token) => {
    await database().client`update attempt set lease_until = now() - interval '1 s' where token = ${token}`
  },
  token: () => randomUUID(),
  workersToken: async () => {
    const { userId: createdBy, teams } = await owner(database())
    return (await createWorkerToken(database(), { teamId: teams[0]?.id ?? '', createdBy, name: 'w' })).id
  },
}))
