import { lchown, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { closeAttemptFolder, type AttemptFolder } from './attempt-folder.ts'
import { taskUserId } from './host.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dagbok-folder-'))
  await mkdir(join(root, 'attempt/checkout/d'), { recursive: true })
  await mkdir(join(root, 'outside'))
  await writeFile(join(root, 'outside/secret'), 'theirs')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const host = (uid: number | null) => ({ uid })
const folder = (): AttemptFolder => ({ path: join(root, 'attempt'), cwd: join(root, 'attempt'), env: {} })

test('[S3] a script is written where it belongs, whatever link a version has in its place', async () => {
  const place = join(root, 'attempt/checkout/d/.dagbok-say.sh')
  await symlink(join(root, 'outside/secret'), place)
  await closeAttemptFolder(host(null), folder(), { path: 'd/.dagbok-say.sh', text: 'echo hi' })
  expect(await readFile(join(root, 'outside/secret'), 'utf8')).toBe('theirs')
  expect(await readFile(place, 'utf8')).toBe('echo hi')
  expect((await lstat(place)).isFile()).toBe(true)
})

test.runIf(process.getuid?.() === 0)(
  '[S3] what links of a version lead to is not handed to the tasks’ user',
  async () => {
    await symlink('../../../outside', join(root, 'attempt/checkout/d/link'))
    await lchown(join(root, 'outside/secret'), 0, 0)
    await closeAttemptFolder(host(taskUserId), folder(), null)
    expect((await lstat(join(root, 'outside/secret'))).uid).toBe(0)
    expect((await lstat(join(root, 'attempt/checkout/d/link'))).uid).toBe(taskUserId)
    expect((await lstat(join(root, 'attempt/checkout/d'))).uid).toBe(taskUserId)
  },
)
