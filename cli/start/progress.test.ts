import { expect, test } from 'vitest'
import { buildStage, Progress, withProgress } from './progress.ts'

function screen(isTTY: boolean) {
  const said: string[] = []
  return { said, isTTY, write: (text: string) => said.push(text) }
}

test.each([
  ['  Creating an optimized production build ...', 'compiling'],
  ['\u001b[32m✓\u001b[39m Compiled successfully in 21.4s', 'compiled'],
  ['  Collecting page data using 1 worker ...', 'collecting page data'],
  ['  Generating static pages using 1 worker (0/12) ...', 'generating static pages'],
  ['  Finalizing page optimization ...', 'finishing'],
  ['Route (app)', null],
])('of Next’s line %j the stage is %s', (line, stage) => expect(buildStage(line)).toBe(stage))

test('on a terminal one line changes, and is gone at the end', () => {
  const tty = screen(true)
  const progress = new Progress(tty, 'build')
  progress.reach('compiling', 0.4)
  progress.tick(1.4)
  progress.end()
  expect(tty.said).toEqual([
    '\r\u001b[Kbuild     compiling, 0 s so far',
    '\r\u001b[Kbuild     compiling, 1 s so far',
    '\r\u001b[K',
  ])
})

test('elsewhere there is a line for each stage, and one now and then while a stage goes on', () => {
  const file = screen(false)
  const progress = new Progress(file, 'build')
  progress.reach('compiling', 0)
  for (let second = 1; second <= 31; second++) progress.tick(second)
  progress.reach('compiling', 31)
  progress.reach('finishing', 32)
  progress.end()
  expect(file.said).toEqual([
    'build     compiling, 0 s so far\n',
    'build     compiling, 15 s so far\n',
    'build     compiling, 30 s so far\n',
    'build     finishing, 32 s so far\n',
  ])
})

test('nothing is said of what needs no time', async () => {
  const file = screen(false)
  expect(await withProgress(new Progress(file, 'build'), async () => Promise.resolve(false))).toBe(false)
  expect(file.said).toEqual([])
})
