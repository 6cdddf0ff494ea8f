/** Large blobs of attempts go straight to a real store and from it, and through the desk where that does not do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { S3Proxy, type Asked, type S3Mishap } from '#server/testing/s3-proxy.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { S3Store } from '#server/storage/stores/s3/s3-store.ts'
import { openPool } from '../../testing/pool-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'

const reason = await whyNoS3()

describe.skipIf(reason !== null)('what is large', () => {
  const { database } = testDatabase()
  const trial = new Trial({ executor: 'pool', database, shop: () => shop })
  let shop: Workshop
  let server: S3Server
  /** What stands between attempts and the store, and not between the product and it. */
  let line: S3Proxy
  let warned: string[] = []

  beforeAll(async () => {
    server = await S3Server.open()
    line = await S3Proxy.lay(server.port)
    const address = { ...server.address('direct'), publicEndpoint: server.url(line.port) }
    const patience = { callMs: 20_000, tryMs: 10_000, slowest: 1000 }
    shop = await openWorkshop(database(), (place) => {
      const { ctx } = place.hosted
      Object.assign(ctx, { artifacts: new S3Store({ address, keys: server.keys, patience }, 'web') })
      const warn = (_: unknown, said?: unknown) => void warned.push(String(said))
      Object.assign(ctx, { log: Object.assign(Object.create(ctx.log), { warn }) })
      return openPool(place, { slots: 4 })
    })
  }, 120_000)
  afterAll(async () => {
    await shop.close()
    line.close()
    await server.close()
  })

  const bytes = 3_000_000
  const sumOf = (path: string) => `sha256sum < "${path}" | cut -c1-64`

  /** A blob that one task makes and the next one reads: both print its hash. */
  async function passed(dag: string, mishap: typeof line.mishap): Promise<Asked[]> {
    line.asked.length = 0
    line.mishap = mishap
    const { id, state } = await trial.run(dag, [
      cell(
        'id: make\noutputs: {x: x}',
        'bash',
        `head -c ${bytes} /dev/urandom > "$DAGBOK_OUT/x"; ${sumOf('$DAGBOK_OUT/x')}`,
      ),
      cell(
        'id: take\nneeds: [make]\ninputs: {x: "${{ tasks.make.outputs.x }}"}',
        'bash',
        sumOf('$DAGBOK_IN_X'),
      ),
    ])
    expect(state).toBe('succeeded')
    const [made, taken] = [await shop.log(id, 'make'), await shop.log(id, 'take')]
    expect(made).toMatch(/^[0-9a-f]{64}\n$/)
    expect(taken).toBe(made)
    const blob = `blobs/${made.slice(0, 2)}/${made.trim()}`
    return line.asked.filter(({ path }) => path.includes(blob))
  }
  const methods = (asked: readonly Asked[]) => asked.map(({ method }) => method)

  test('goes to the store and from it without the desk', async () => {
    expect(methods(await passed('straight', () => null))).toEqual(['PUT', 'GET'])
  })

  /** Of each kind of request, the first. */
  const once = (of: string, mishap: S3Mishap) => {
    let isDue = true
    return ({ method }: Asked) => {
      if (method !== of || !isDue) return null
      isDue = false
      return mishap
    }
  }
  test.each<[string, S3Mishap, 'PUT' | 'GET', string[]]>([
    ['an upload that is cut off', { kind: 'reset', of: 'request', after: 1e6 }, 'PUT', ['PUT', 'PUT', 'GET']],
    ['an upload that arrives changed', { kind: 'changed', of: 'request' }, 'PUT', ['PUT', 'PUT', 'GET']],
    ['an upload whose answer is lost', { kind: 'lost' }, 'PUT', ['PUT', 'PUT', 'GET']],
    ['a download that is cut off', { kind: 'reset', of: 'answer', after: 1e6 }, 'GET', ['PUT', 'GET', 'GET']],
    [
      'a download that the store refuses',
      { kind: 'refused', status: 503, code: 'SlowDown' },
      'GET',
      ['PUT', 'GET'],
    ],
  ])('%s is made good', async (_, mishap, of, asked) => {
    expect(
      methods(await passed(`mishap-${asked.length}-${of}-${mishap.kind}`.toLowerCase(), once(of, mishap))),
    ).toEqual(asked)
  })

  test('a store that takes nothing from there is left alone: the desk brings it', async () => {
    const refuse = ({ method }: Asked): S3Mishap | null =>
      method === 'PUT' ? { kind: 'refused', status: 503, code: 'SlowDown' } : null
    expect(methods(await passed('refused', refuse))).toEqual(['PUT', 'PUT', 'PUT', 'GET'])
  })

  test('a store that is not reached from there is asked for once, and the log says so', async () => {
    warned = []
    const away = (): S3Mishap => ({ kind: 'reset', of: 'request', after: 0 })
    expect(await passed('away', away)).toEqual([])
    expect(await passed('away-again', away)).toEqual([])
    expect(warned.filter((said) => said.includes('not reached'))).toHaveLength(1)
  })
})
