/** `node cli/build.mjs`: the build of the pages alone, for who puts the product into an image. */
import { resolve } from 'node:path'
import { orSaid } from './or-said.ts'
import { ensureBuild } from './build.ts'
import { Progress, withProgress } from './progress.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

await orSaid(() =>
  withProgress(new Progress(process.stdout, 'build'), (reach) =>
    ensureBuild(resolve(import.meta.dirname, '../..'), stop.signal, reach),
  ),
)
