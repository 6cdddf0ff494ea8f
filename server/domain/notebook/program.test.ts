import { expect, test } from 'vitest'
import { compile } from './compile.ts'
import { isProgram, verdictOf, type ProgramEnd } from './program.ts'

const limits = { seconds: 20, memory: 512, output: 2 }
const place = {
  folder: '/w/checkout',
  files: new Set(['p/x.dag.py', 'p/x.dag.ts', 'p/foo/bar.py', 'p/lib é.ts']),
}
const bytes = (text: string) => new TextEncoder().encode(text)
const ended = (more: Partial<ProgramEnd> = {}): ProgramEnd => ({
  ended: null,
  code: 0,
  signal: null,
  stdout: bytes('{"dagbok": 1}'),
  stderr: '',
  ...more,
})
const verdict = (more: Partial<ProgramEnd>, path = 'p/x.dag.py') =>
  verdictOf(path, ended(more), limits, place)

test.each([
  ['p/x.dag.py', true],
  ['x.dag.ts', true],
  ['p/x.dag.js', false],
  ['p/x.dag.md', false],
  ['p/x.dag.d.ts', false],
  ['.dag.py', false],
])('[N9] %s is a program: %s', (path, is) => expect(isProgram(path)).toBe(is))

test('[N9] what a program prints is its spec, whatever it says on standard error', () => {
  expect(verdict({ stderr: 'warning: x\n' })).toEqual({ printed: '{"dagbok": 1}' })
})

const python = `Traceback (most recent call last):
  File "/w/checkout/p/x.dag.py", line 2, in <module>
    foo.bar.f()
  File "/w/checkout/p/foo/bar.py", line 7, in f
    return json.loads("{")
           ^^^^^^^^^^^^^^^
  File "/usr/lib/python3.11/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)
ValueError: no such table in /w/checkout/p/rows.csv
second line of the message
`
const node = `file:///w/checkout/p/lib%20%C3%A9.ts:2
  throw new TypeError("boom")
        ^

TypeError: boom
    at f (file:///w/checkout/p/lib%20%C3%A9.ts:2:9)
    at file:///w/checkout/p/x.dag.ts:3:1
    at ModuleJob.run (node:internal/modules/esm/module_job:413:25)

Node.js v24.1.0
`

test.each<
  [string, Partial<ProgramEnd>, string, { file?: string; line?: number; column?: number; message: string }]
>([
  [
    'a traceback',
    { code: 1, stderr: python },
    'p/x.dag.py',
    {
      file: 'p/foo/bar.py',
      line: 7,
      message: 'this program ended with exit code 1: ValueError: no such table in p/rows.csv',
    },
  ],
  [
    'a traceback of the program itself, which was started as `./x.dag.py`',
    {
      code: 1,
      stderr: `Traceback (most recent call last):
  File "/w/checkout/p/./x.dag.py", line 2, in <module>
    from foo.bar import WORD
ImportError: cannot import name 'WORD' from 'foo.bar' (/w/checkout/p/foo/bar.py)
`,
    },
    'p/x.dag.py',
    {
      line: 2,
      message:
        "this program ended with exit code 1: ImportError: cannot import name 'WORD' from 'foo.bar' (p/foo/bar.py)",
    },
  ],
  [
    'a stack of Node',
    { code: 1, stderr: node },
    'p/x.dag.ts',
    {
      file: 'p/lib é.ts',
      line: 2,
      column: 9,
      message: 'this program ended with exit code 1: TypeError: boom',
    },
  ],
  [
    'a thrown text',
    {
      code: 1,
      stderr:
        "file:///w/checkout/p/x.dag.ts:3\nthrow 'x'\n^\nplain\n(Use `node --trace-uncaught ...` to show)\n\nNode.js v24.1.0\n",
    },
    'p/x.dag.ts',
    { line: 3, message: 'this program ended with exit code 1: plain' },
  ],
  [
    'words alone',
    { code: 3, stderr: 'no table given\n' },
    'p/x.dag.py',
    { message: 'this program ended with exit code 3: no table given' },
  ],
  [
    'nothing',
    { code: 1 },
    'p/x.dag.py',
    { message: 'this program ended with exit code 1: it said nothing on standard error' },
  ],
  [
    'a NUL and half a character',
    { code: 1, stderr: 'a\0b\ud800' },
    'p/x.dag.py',
    { message: 'this program ended with exit code 1: a\ufffdb\ufffd' },
  ],
  [
    'a signal',
    { code: null, signal: 'SIGSEGV' },
    'p/x.dag.py',
    { message: 'this program was ended by SIGSEGV: it said nothing on standard error' },
  ],
  [
    'too long',
    { ended: 'time', code: null, signal: 'SIGKILL' },
    'p/x.dag.py',
    {
      message:
        'this program was ended: it takes more than 20 s: a program that prints a spec only says what the tasks will do',
    },
  ],
  [
    'too large',
    { ended: 'memory', code: null, signal: 'SIGKILL' },
    'p/x.dag.py',
    { message: 'this program was ended: it takes more than 512 MB of memory: leave the work to the tasks' },
  ],
  [
    'out of memory by its own word',
    { code: 134, stderr: 'FATAL ERROR: JavaScript heap out of memory' },
    'p/x.dag.ts',
    { message: 'this program was ended: it takes more than 512 MB of memory: leave the work to the tasks' },
  ],
  [
    'endless output',
    { ended: 'output' },
    'p/x.dag.py',
    { message: 'this program was ended: it prints more than 2 MB: a spec has 2 MB at most' },
  ],
  [
    'no UTF-8',
    { stdout: new Uint8Array([255, 254]) },
    'p/x.dag.py',
    { message: 'this program gives no spec: what it prints is not valid UTF-8' },
  ],
  [
    'a NUL',
    { stdout: bytes('a\0') },
    'p/x.dag.py',
    { message: 'this program gives no spec: what it prints holds a NUL character: a spec is text' },
  ],
  [
    'nothing on standard output',
    { stdout: bytes(' \n') },
    'p/x.dag.py',
    {
      message:
        'this program gives no spec: it ended well and printed nothing: print the spec to standard output, as JSON or YAML',
    },
  ],
])('[N5] %s is one fault, at its place', (_, end, path, told) => {
  expect(verdict(end, path)).toEqual({ fault: { file: path, line: 1, column: 1, ...told } })
})

const faults = (printed: string, more: Record<string, string> = {}) =>
  compile({ path: 'p/x.dag.py', text: { printed }, readFile: (path) => more[path] ?? null }).faults

const task = (more: object) => ({ id: 'train', script: { lang: 'bash', text: 'true' }, ...more })
const spec = (...tasks: object[]) => JSON.stringify({ dagbok: 1, id: 'x', tasks })

test('[N9] what is printed, as JSON or YAML, compiles as a .dag.yaml does', () => {
  const one = compile({ path: 'p/x.dag.py', text: { printed: spec(task({})) }, readFile: () => null })
  const other = compile({
    path: 'p/x.dag.py',
    text: { printed: 'dagbok: 1\nid: x\ntasks:\n  - {id: train, script: {lang: bash, text: "true"}}\n' },
    readFile: () => null,
  })
  expect(one.faults).toEqual([])
  expect(one.spec).toEqual(other.spec)
  expect(one.spec?.tasks[0]).toMatchObject({
    id: 'train',
    source: { file: 'p/x.dag.py', line: 1, column: 1 },
  })
})

test.each<[string, string, string, string?]>([
  [
    'an unknown need',
    spec(task({}), task({ id: 'b', needs: ['train', 'tain'] })),
    "at tasks[1].needs[1] (b) of what it prints: unknown task 'tain' in needs",
    'train',
  ],
  [
    'an id that stands twice',
    spec(task({}), task({})),
    "at tasks[1].id (train) of what it prints: there are two tasks 'train': the first is at tasks[0].id (train)",
  ],
  ['no map', '[1]', 'at line 1 of what it prints: this is no map of dagbok, id, tasks, …'],
  ['a word beside the spec', `starting\n${spec(task({}))}`, 'standard error'],
])('[N5] %s is told at its path in what was printed', (_, printed, message, likely) => {
  const [fault] = faults(printed)
  expect(fault).toMatchObject({
    file: 'p/x.dag.py',
    line: 1,
    column: 1,
    message: expect.stringContaining(message) as string,
  })
  expect(fault?.guess).toBe(likely)
})

test('[S3] no path of the machine is told, neither of the checkout nor of what lies beside it', () => {
  const stderr = "OSError: '/w/checkout/p/a' is not '/w/scratch/b'\n"
  expect(verdict({ code: 1, stderr })).toMatchObject({
    fault: { message: "this program ended with exit code 1: OSError: 'p/a' is not 'scratch/b'" },
  })
})

test('[N5] a program that failed has its own fault and no other', () => {
  const fault = {
    file: 'p/foo/bar.py',
    line: 7,
    column: 1,
    message: 'this program ended with exit code 1: x',
  }
  expect(compile({ path: 'p/x.dag.py', text: { fault }, readFile: () => null }).faults).toEqual([fault])
  const user = 'dagbok: 1\nid: u\ntasks:\n  - {id: a, uses: ./x.dag.py}\n'
  const using = compile({
    path: 'p/u.dag.yaml',
    text: user,
    readFile: (path) => (path === 'p/x.dag.py' ? { fault } : null),
  })
  expect(using.faults).toContainEqual(fault)
})
