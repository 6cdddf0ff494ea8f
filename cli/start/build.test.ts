import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureBuild, sources } from './build.ts'

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A build that says who makes it and goes on until it is ended, as a real one does for minutes. */
const endless = `
  const { writeFileSync, mkdirSync } = require('node:fs')
  mkdirSync(process.env.DAGBOK_DIST_DIR)
  writeFileSync('builder', String(process.pid))
  setInterval(() => {}, 1000)`

test('a stop ends the build with what it has started; the next one clears what is left of it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'dagbok-build-'))
  try {
    const next = join(root, 'node_modules/next/dist/bin')
    await mkdir(next, { recursive: true })
    await writeFile(join(next, 'next'), endless)
    await mkdir(join(root, 'db'))
    for (const source of sources) await writeFile(join(root, source), '')
    const stop = new AbortController()
    const building = ensureBuild(root, stop.signal)
    const ended = building.catch((error: unknown) => String(error))
    let pid = 0
    while (pid === 0) {
      pid = Number(await readFile(join(root, 'builder'), 'utf8').catch(() => ''))
      await new Promise((done) => setTimeout(done, 10))
    }
    stop.abort()
    expect(await ended).toMatch('aborted')
    while (runs(pid)) await new Promise((done) => setTimeout(done, 10))

    const left = join(root, '.build-1')
    await mkdir(left)
    await writeFile(join(next, 'next'), "console.log('  Collecting page data ...')\nprocess.exit(1)")
    const told: string[] = []
    await expect(
      ensureBuild(root, new AbortController().signal, (stage) => told.push(stage)),
    ).rejects.toThrow('The build of the pages failed')
    expect(told).toEqual(['building the pages', 'collecting page data'])
    expect((await readdir(root)).filter((name) => /^\.build-\d/.test(name))).toEqual([])
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
