import { afterAll, beforeAll } from 'vitest'
import { compile } from '#server/domain/notebook/compile.ts'
import { Random } from '../random.ts'
import { Life, World } from '../world.ts'
import type { Subject } from './conformance/bench.ts'
import { conformance } from './conformance/conformance.ts'
import { SimulatedDatabase } from './database.ts'

const world = new World(new Random(1))
const database = new SimulatedDatabase(world, Date.UTC(2026, 0, 5), () => {})
const life = new Life('test')
const time = { over: false }
let made = 0

// Time goes by as long as there are tests.
beforeAll(() => {
  void (async () => {
    while (!time.over) await world.run(world.now + 1000)
  })()
})
afterAll(() => {
  time.over = true
})

const subject: Subject = {
  store: database.storeFor(life),
  dag: (tasks, front = '') => {
    const [dagId, versionId] = [`dag-${++made}`, `version-${made}`]
    const text = `dagbok: 1\nid: d${made}\n${front}tasks:\n${tasks}\n`
    const { spec, faults } = compile({ path: 'd.dag.yaml', text, readFile: () => null })
    if (spec === null) throw new Error(JSON.stringify(faults))
    database.tables.dag.set(dagId, {
      id: dagId,
      teamId: 'team',
      repositoryId: 'r',
      repo: 'r',
      name: `d${made}`,
      nextRunNumber: 1,
      pausedAt: null,
      scheduledVersionId: versionId,
      scheduledSince: null,
      subscriptions: [],
    })
    database.tables.version.set(versionId, { id: versionId, dagId, number: 1, spec })
    database.tables.tip.set(dagId, { id: dagId, versionId })
    return Promise.resolve({ dagId, versionId, spec })
  },
  pool: (name, slots) => {
    database.tables.pool.set(name, { id: name, teamId: 'team', name, slots })
    return Promise.resolve()
  },
  expire: (token) => {
    const row = [...database.tables.attempt.values()].find((one) => one.token === token)
    if (row !== undefined)
      database.tables.attempt.set(row.id, { ...row, leaseUntil: new Date(database.clock() - 1000) })
    return Promise.resolve()
  },
  token: () => `token-${++made}`,
  workersToken: () => Promise.resolve(`workers-${++made}`),
}
conformance(() => subject)
