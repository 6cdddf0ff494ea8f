/** `dagbok dag lint` runs programs on the machine of who calls it, and leaves nothing behind. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitCodes } from '../client/failure.ts'
import { launchCli } from '../testing/cli.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-lint-'))
  await mkdir(join(folder, 'tmp'))
  await mkdir(join(folder, 'tree/p'), { recursive: true })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lint = () => launchCli(['dag', 'lint', 'tree'], { cwd: folder, env: { TMPDIR: join(folder, 'tmp') } })

test('[R14] a signal ends the program that runs, takes its folder away, and then ends the command', async () => {
  await writeFile(join(folder, 'tree/p/x.dag.ts'), 'for (;;);\n')
  const { child, ended } = lint()
  const begun = async () => {
    const inside = await readdir(join(folder, 'tmp'), { recursive: true })
    return inside.some((name) => name.endsWith('x.dag.ts'))
  }
  while (child.exitCode === null && !(await begun())) await new Promise((done) => setImmediate(done))
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: exitCodes.interrupted, stdout: '' })
  expect(await readdir(join(folder, 'tmp'))).toEqual([])
})

test('a link that leads out of the repository is one fault of the program beside it', async () => {
  await writeFile(join(folder, 'tree/p/x.dag.ts'), 'console.log("{}")\n')
  await symlink('/etc/passwd', join(folder, 'tree/p/out'))
  await writeFile(
    join(folder, 'tree/y.dag.ts'),
    'console.log(\'{"dagbok": 1, "id": "y", "tasks": [{"id": "a", "command": ["true"]}]}\')\n',
  )
  expect(await lint().ended).toMatchObject({
    code: exitCodes.failed,
    stdout: 'tree/p/x.dag.ts:1:1 this program cannot be run: p/out is a link out of the repository.\n',
  })
})
