import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseFailpoints } from './failpoint.ts'

const program = join(import.meta.dirname, 'failpoint.ts')

/** What a process prints that passes `a.before` three times for one subject, in this environment. */
async function passing(env: Record<string, string>) {
  const script = `import { failpoint } from ${JSON.stringify(program)}
    for (let i = 0; i < 3; i++) try { console.log(String(await failpoint('a.before', 's'))) } catch (e) { console.log(e.message) }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { said: said.trim().split('\n'), signal }
}

test('a list names place, subject, count and action', () => {
  expect(parseFailpoints('a.before=kill, b.after-record@train#3=hang')).toEqual([
    { name: 'a.before', subject: null, left: 0, action: 'kill' },
    { name: 'b.after-record', subject: 'train', left: 2, action: 'hang' },
  ])
})

test.each(['a.before', 'a.before=explode', 'a before=kill', '=kill'])(
  '%j arms nothing, and says so',
  (text) => expect(() => parseFailpoints(text)).toThrow('is not NAME'),
)

test('without the test switch nothing is armed', async () => {
  expect((await passing({ DAGBOK_FAILPOINTS: 'a.before=error' })).said).toEqual(['false', 'false', 'false'])
})

test.each([
  ['a.before=error', ['failpoint a.before', 'false', 'false']],
  ['a.before@s#2=skip', ['false', 'true', 'false']],
  ['a.before@other=error', ['false', 'false', 'false']],
])('%s acts once, where and when it is told', async (list, said) =>
  expect((await passing({ DAGBOK_TEST_FAULTS: '1', DAGBOK_FAILPOINTS: list })).said).toEqual(said),
)

test('`kill` ends the process with its whole group', async () => {
  expect((await passing({ DAGBOK_TEST_FAULTS: '1', DAGBOK_FAILPOINTS: 'a.before=kill' })).signal).toBe(
    'SIGKILL',
  )
})
