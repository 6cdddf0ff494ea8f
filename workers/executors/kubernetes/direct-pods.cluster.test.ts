/** Large blobs go straight between pods and a real store, by signed addresses. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { passOn, type PassedOn } from '#k8s/chart/testing/pass-on.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { S3Proxy } from '#server/testing/s3-proxy.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { S3Store } from '#server/storage/stores/s3/s3-store.ts'
import { kubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'

const reason = await whyNoS3()

describe.skipIf(reason !== null)('what is large', () => {
  const { database } = testDatabase()
  const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
  let shop: Workshop
  let server: S3Server
  /** What pods reach the store through, and the product does not. */
  let line: S3Proxy
  let passed: PassedOn

  beforeAll(async () => {
    server = await S3Server.open()
    line = await S3Proxy.lay(server.port)
    passed = await passOn(inject('machine'), { port: line.port })
    const publicEndpoint = `http://${inject('machine')}:${passed.port}`
    const address = { ...server.address('pods'), publicEndpoint }
    const patience = { callMs: 20_000, tryMs: 10_000, slowest: 1000 }
    shop = await openWorkshop(database(), (place) => {
      const artifacts = new S3Store({ address, keys: server.keys, patience }, 'web')
      Object.assign(place.hosted.ctx, { artifacts })
      return kubernetesCrew(place)
    })
  }, 120_000)
  afterAll(async () => {
    await shop.close()
    passed.close()
    line.close()
    await server.close()
  })

  test('an output is brought by its pod, and fetched by the next', async () => {
    const sum = (path: string) => `sha256sum < "${path}" | cut -c1-64`
    const { id, state } = await trial.run('direct', [
      cell(
        'id: make\noutputs: {x: x}',
        'bash',
        `head -c 3000000 /dev/urandom > "$DAGBOK_OUT/x"; ${sum('$DAGBOK_OUT/x')}`,
      ),
      cell(
        'id: take\nneeds: [make]\ninputs: {x: "${{ tasks.make.outputs.x }}"}',
        'bash',
        sum('$DAGBOK_IN_X'),
      ),
    ])
    const [made, taken] = [await shop.log(id, 'make'), await shop.log(id, 'take')]
    expect([state, taken]).toEqual(['succeeded', made])
    const blob = `blobs/${made.slice(0, 2)}/${made.trim()}`
    const moved = line.asked.filter(({ path }) => path.includes(blob)).map(({ method }) => method)
    expect(moved).toEqual(['PUT', 'GET'])
  })
})
