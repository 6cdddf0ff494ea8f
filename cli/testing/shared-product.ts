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
    /** Whoever asks there is told what is in the ready file, or why there is no product. */
    productSocket: string
  }
}

/** What is in its ready file. @throws Error with what it said, when it has ended */
function readyOf({ ready, runs, said }: Product): string {
  if (!runs()) throw new Error(`the product that the tests share has ended:\n${said()}`)
  return JSON.stringify(ready)
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-shared-'))
  const socket = join(folder, 'product.sock')
  let started: Promise<Product> | null = null
  const server = createServer((_, response) => {
    started ??= startProduct(['--no-examples'])
    started.then(readyOf).then(
      (ready) => response.end(ready),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  }).listen(socket)
  await once(server, 'listening')
  project.provide('productSocket', socket)
  return async () => {
    server.close()
    await started?.then(
      (product) => {
        if (!product.runs()) console.error(`the product that the tests share has ended:\n${product.said()}`)
        return product.stop()
      },
      () => {},
    )
    await rm(folder, { recursive: true, force: true })
  }
}

/** Its ready file. @throws Error when it does not start or has ended, with what it said */
async function askForReady(): Promise<Ready> {
  const asked = request({ socketPath: inject('productSocket') }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const said = await text(answer)
  if (answer.statusCode !== 200) throw new Error(said)
  return JSON.parse(said) as Ready
}

/** It, from within a test file. @throws Error when it does not start, or has ended by itself, with what it said */
export async function sharedProduct(): Promise<GivenProduct> {
  const product = productAt(await askForReady())
  return {
    ...product,
    api: (path, body) =>
      product.api<never>(path, body).catch(async (error: unknown) => {
        // If it has ended, that is what is told.
        await askForReady()
        throw error
      }),
  }
}
