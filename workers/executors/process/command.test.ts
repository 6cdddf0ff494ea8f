import { expect, test } from 'vitest'
import type { AttemptJob } from '../executor.ts'
import { commandLine } from './command.ts'

const line = (action: AttemptJob['action']) =>
  commandLine({ task: 'fit', folder: 'd', action } as AttemptJob, { DAGBOK_TASK: 'fit' })
const script = (lang: string, shell?: string[]) =>
  line({ kind: 'script', lang, text: 'x', shell, args: ['$(DAGBOK_TASK)'] })

test('a script is a file of the notebook’s folder, given to the interpreter of its language, or to its `shell`', () => {
  expect(script('python')).toEqual({
    argv: ['python3', '-u', '.dagbok-fit.py', 'fit'],
    file: { path: 'd/.dagbok-fit.py', text: 'x' },
    warm: { language: 'python', path: '.dagbok-fit.py', args: ['fit'] },
  })
  expect(script('r')).toMatchObject({ argv: ['Rscript', '.dagbok-fit.R', 'fit'], warm: null })
  expect(script('python', ['python3.12', '-X', 'dev'])).toMatchObject({
    argv: ['python3.12', '-X', 'dev', '.dagbok-fit.py', 'fit'],
    warm: null,
  })
  expect(script('perl', ['perl'])).toMatchObject({
    argv: ['perl', '.dagbok-fit', 'fit'],
    file: { path: 'd/.dagbok-fit' },
  })
})

test.each([
  ['d/fit.R', ['Rscript', './fit.R']],
  ['d/fit.r', ['Rscript', './fit.r']],
  ['d/fit.py', ['python3', '-u', './fit.py']],
  ['d/tool/fit', ['./tool/fit']],
])('the file %s is run by its extension, else by its executable bit', (path, argv) => {
  expect(line({ kind: 'script_file', path, args: [] }).argv).toEqual(argv)
})
