import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { refusedCode } from '#db/schema-guard.ts'
import type { DagbokError } from '#server/domain/errors/errors.ts'
import { supervise } from './child.ts'

test('[R19] a process that falls is started again; one that the database refuses is not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-child-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [file, lives] = [join(folder, 'child.mjs'), join(folder, 'lives')]
  await writeFile(
    file,
    `import { appendFileSync, readFileSync } from 'node:fs'
     appendFileSync(process.env.LIVES, '.')
     const first = readFileSync(process.env.LIVES, 'utf8') === '.'
     process.send({ type: 'ready' }, () => process.exit(first ? 1 : ${refusedCode}))`,
  )
  const error = await new Promise<DagbokError>((gaveUp, fail) => {
    supervise({ name: 'web', file, env: { LIVES: lives }, gaveUp }).catch(fail)
  })
  expect(error.message).toContain('The web process ended for good')
  expect(await readFile(lives, 'utf8')).toBe('..')
})
