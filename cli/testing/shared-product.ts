/**
 * One product for all test files that only use it, each in a repository of its own: to start one is seconds of two
 * processors. It is started when the first file asks for it, and stopped when the run of the tests is over.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import {
  productAt,
  startProduct,
  type GivenProduct,
  type Product,
  type Ready,
} from '../../e2e/fixtures/product.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Whoever asks there is told what is in the ready file. */
    productSocket: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-shared-'))
  const socket = join(folder, 'product.sock')
  let started: Promise<Product> | null = null
  const server = createServer((_, response) => {
    started ??= startProduct(['--no-examples'])
    started.then(
      ({ ready }) => response.end(JSON.stringify(ready)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  }).listen(socket)
  await once(server, 'listening')
  project.provide('productSocket', socket)
  return async () => {
    server.close()
    await started?.then(
      (product) => product.stop(),
      () => {},
    )
    await rm(folder, { recursive: true, force: true })
  }
}

/** Its ready file, from within a test file. @throws Error when it does not start, with what it said */
export async function sharedProduct(): Promise<GivenProduct> {
  const asked = request({ socketPath: inject('productSocket') }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const said = await text(answer)
  if (answer.statusCode !== 200) throw new Error(said)
  return productAt(JSON.parse(said) as Ready)
}
