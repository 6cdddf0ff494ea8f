import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StorePlace } from '#server/config/store.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { proveStore } from './store.ts'

const reason = await whyNoS3()
let server: S3Server
beforeAll(async () => {
  if (reason === null) server = await S3Server.open()
})
afterAll(async () => {
  if (reason === null) await server.close()
})
beforeEach(({ skip }) => skip(reason !== null, reason ?? ''))

const place = (port = server.port, secret = server.keys.secretAccessKey): StorePlace => ({
  kind: 's3',
  address: server.address('start', port),
  keys: { ...server.keys, secretAccessKey: secret },
})

test('a store that takes bytes and gives them back is well', async () => {
  expect(await proveStore(place())).toBeNull()
})

test('a store that is away does not keep the product from starting, and is told', async () => {
  expect(await proveStore(place(1), 300)).toMatch(
    /^The artifact store s3:\/\/dagbok-test\/start does not answer \(ECONNREFUSED\)/,
  )
})

test('a store that refuses does, with a sentence that says what to do', async () => {
  await expect(proveStore(place(server.port, 'wrong'), 5000)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('does not accept its key: look at AWS_ACCESS_KEY_ID') as string,
  })
})
