/** Programs of ill will, under every seal that this machine can enforce: each is one fault, and harms nothing. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gitPath } from '#server/config/git.ts'
import { openHost, programFinder, taskUserId, type Host } from '../executors/process/host.ts'
import { hasPython, noPython } from '../testing/python.ts'
import { hiddenPlaces } from './hidden.ts'
import { printProgram, usualLimits, type ProgramTools } from './print-program.ts'
import { strongestSeal, type Seal } from './seal.ts'
import { dataOf } from './sealed-process.ts'

const uid = process.getuid?.() === 0 ? taskUserId + 50 : null
let folder: string
let data: string
let listener: Server
let port: number
let calls = 0
let strongest: Seal
let host: Host
let hidden: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-programs-'))
  await chmod(folder, 0o711)
  data = await mkdtemp(join(tmpdir(), 'dagbok-data-'))
  await writeFile(join(data, 'session-secret'), 'hunter22')
  listener = createServer((socket) => {
    calls++
    socket.destroy()
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  port = (listener.address() as AddressInfo).port
  const runtime = join(folder, 'runtime')
  await mkdir(runtime)
  await chmod(runtime, 0o711)
  host = await openHost(runtime, gitPath())
  const scratch = await mkdtemp(join(folder, 'trial-'))
  hidden = await hiddenPlaces([data], [folder], programFinder(host))
  strongest = await strongestSeal({ uid, hidden, scratch, data: dataOf(usualLimits) }, host.path)
})
afterAll(async () => {
  listener.close()
  await host.spawner.close()
  await rm(folder, { recursive: true, force: true })
  await rm(data, { recursive: true, force: true })
})

const tools = (seal: Seal): ProgramTools => ({
  folder,
  seal,
  refusal: null,
  uid,
  hidden,
  path: host.path,
  find: programFinder(host),
})

async function* only(path: string, text: string) {
  await Promise.resolve()
  yield { path, mode: '100644', bytes: Buffer.from(text) }
}

async function told(seal: Seal, text: string, name = 'x.dag.py', seconds = 20) {
  const id = randomUUID()
  const path = `p/${name}`
  const limits = { ...usualLimits, seconds }
  const came = await printProgram(tools(seal), { id, path, files: only(path, text), limits })
  expect(await left(id)).toEqual([])
  return 'fault' in came ? came.fault.message : came.printed
}

/** Processes that carry a program's mark. */
async function left(id: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const marks = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')),
  )
  return pids.filter((_, i) => marks[i]?.includes(id))
}

const python = (text: string) => `import os, sys, time, socket, signal\n${text}\n`

const ends: [string, string, RegExp, number?][] = [
  ['an endless loop', 'while True: pass', /^this program was ended: it takes more than 2 s/, 2],
  ['one that sleeps', 'time.sleep(10**6)', /^this program was ended: it takes more than 2 s/, 2],
  [
    'one that ignores every signal',
    'for s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n  except Exception: pass\ntime.sleep(10**6)',
    /takes more than 2 s/,
    2,
  ],
  [
    'endless output',
    'while True: sys.stdout.write("x" * 10**6)',
    /^this program was ended: it prints more than 2 MB/,
  ],
  ['100 MB of output at once', 'sys.stdout.write("x" * 10**8)', /it prints more than 2 MB/],
  [
    'endless words on standard error',
    'while True: sys.stderr.write("x" * 10**6)',
    /^this program was ended: it writes more than 64 MB to standard error/,
  ],
  [
    'one that takes all memory',
    'a = []\nwhile True: a.append(bytearray(10**7))',
    /^this program was ended: it takes more than 512 MB of memory/,
  ],
  ['invalid UTF-8', 'sys.stdout.buffer.write(b"\\xff\\xfe")', /what it prints is not valid UTF-8/],
  ['nothing', 'sys.exit(0)', /it ended well and printed nothing/],
  ['an exit code', 'sys.exit(1)', /ended with exit code 1: it said nothing on standard error/],
  ['a crash', 'os.kill(os.getpid(), signal.SIGSEGV)', /^this program was ended by SIGSEGV/],
]

describe.each(['strongest', 'none'] as const)('%s seal', (which) => {
  const seal = () => (which === 'strongest' ? strongest : 'none')

  test.for(ends)(
    '[S3] %s is one fault, and nothing of it is left',
    async ([, text, message, seconds], { skip }) => {
      skip(!hasPython, noPython)
      expect(await told(seal(), python(text), 'x.dag.py', seconds)).toMatch(message)
    },
  )

  test('[S3] what it leaves running when it ends, in a session of its own, is ended with it', async ({
    skip,
  }) => {
    skip(!hasPython, noPython)
    const daemon =
      'if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    time.sleep(10**6)\n  os._exit(0)\nprint("over")'
    expect(await told(seal(), python(daemon))).toBe('over\n')
  })

  test('[R14] one that is stopped with the product is ended at once, and nothing is said of it', async ({
    skip,
  }) => {
    skip(!hasPython, noPython)
    const [id, path, stop] = [randomUUID(), 'p/x.dag.py', new AbortController()]
    const files = only(path, python('time.sleep(10**6)'))
    const over = printProgram(tools(seal()), { id, path, files, limits: usualLimits, stop: stop.signal })
    const said = over.then(
      () => 'a verdict',
      (error: Error) => error.name,
    )
    while ((await left(id)).length === 0) await new Promise((done) => setImmediate(done))
    stop.abort()
    expect(await said).toBe('AbortError')
    expect(await left(id)).toEqual([])
    expect((await readdir(folder)).filter((name) => name.startsWith('program-'))).toEqual([])
  })

  test("[S6] it has nothing of the product's environment, and the same one each time", async ({ skip }) => {
    skip(!hasPython, noPython)
    const print = 'for name in sorted(os.environ): print(name)'
    const first = await told(seal(), python(print))
    expect(first.trim().split('\n')).toEqual(expect.arrayContaining(['HOME', 'PATH', 'TMPDIR', 'TZ']))
    const allowed = [
      'DAGBOK_ATTEMPT_ID',
      'HOME',
      'LANG',
      'LC_CTYPE',
      'OLDPWD',
      'PATH',
      'PWD',
      'PYTHONDONTWRITEBYTECODE',
      'PYTHONHASHSEED',
      'PYTHONIOENCODING',
      'SHLVL',
      'TMPDIR',
      'TZ',
      '_',
    ]
    expect(
      first
        .trim()
        .split('\n')
        .filter((name) => !allowed.includes(name)),
    ).toEqual([])
  })
})

test('[R14] what clears its mark and leaves its session where nothing can find it keeps nobody waiting', async ({
  skip,
}) => {
  skip(!hasPython, noPython)
  const text = `
reading, writing = os.pipe()
if os.fork() == 0:
  if os.fork() == 0:
    os.setsid()
    print(os.getpid(), flush=True)
    os.execve(sys.executable, [sys.executable, "-c", "import time; time.sleep(10**6)"], {})
  os._exit(0)
os.close(writing)
os.read(reading, 1)`
  const [id, path] = [randomUUID(), 'p/x.dag.py']
  const unsealed = { ...tools('none'), uid: null }
  const files = only(path, python(text))
  const came = await printProgram(unsealed, { id, path, files, limits: usualLimits })
  const pid = 'printed' in came ? Number(came.printed) : 0
  expect(pid).toBeGreaterThan(1)
  process.kill(pid, 'SIGKILL')
})

// A fork bomb is for those who have a limit of processes: a namespace, or a user id of its own.
test('[S3] a fork bomb is ended as a whole', async ({ skip }) => {
  skip(!hasPython, noPython)
  skip(strongest === 'none' && uid === null, 'nothing here limits the number of processes')
  const bomb = 'while True:\n  try: os.fork()\n  except OSError: pass'
  expect(await told(strongest, python(bomb), 'x.dag.py', 2)).toMatch(/takes more than 2 s/)
})

test('[S3] sealed as a whole, it reaches no network, writes nowhere and sees nothing of the product', async ({
  skip,
}) => {
  skip(!hasPython, noPython)
  const places = ['.', '..', tmpdir(), '/var/tmp', '/dev/shm', data, folder]
  const text = `
for place in ${JSON.stringify(places)}:
  try:
    open(os.path.join(place, "dagbok-canary"), "w").write("x")
    print("wrote", place)
  except OSError: pass
try: print("read", open(${JSON.stringify(join(data, 'session-secret'))}).read())
except OSError: pass
try:
  socket.create_connection(("127.0.0.1", ${port}), 5)
  print("connected")
except OSError: pass
print("processes", len([p for p in os.listdir("/proc") if p.isdigit()]) < 10)
open(os.path.join(os.environ["TMPDIR"], "note"), "w").write("x" * 1000)
print("over")`
  const said = await told(strongest, python(text))
  // A machine without namespaces enforces less: docs/notebook.md says what.
  const whole = strongest === 'whole'
  expect(said).toMatch(whole ? /^processes True\nover\n$/ : /over\n$/)
  expect(said).not.toContain('hunter22')
  expect(calls).toBe(strongest === 'none' ? 1 : 0)
  const outside = [tmpdir(), '/var/tmp', '/dev/shm', data, folder].map((place) =>
    join(place, 'dagbok-canary'),
  )
  const written = outside.filter((path) => existsSync(path))
  for (const path of written) await rm(path)
  expect(written.filter((path) => whole || path.startsWith(data))).toEqual([])
})

test('[S3] sealed as a whole, sockets and secrets of the machine are out of sight, as a file is that is hidden', async ({
  skip,
}) => {
  skip(!hasPython, noPython)
  // Where mounts can be made the seal is whole.
  const user = uid === null ? ['--user', '--map-root-user'] : []
  const spaces = ['--mount', '--net', '--pid', '--fork', ...user]
  const mounts = spawnSync('unshare', [...spaces, 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp']).status === 0
  expect(strongest === 'whole').toBe(mounts)
  skip(!mounts, 'no mounts can be made here')
  const secret = join(folder, 'secret')
  await writeFile(secret, 'hunter22')
  await chmod(secret, 0o644)
  const scratch = await mkdtemp(join(folder, 'trial-'))
  const given = { uid, hidden: [...hidden, secret], scratch, data: dataOf(usualLimits) }
  expect(await strongestSeal(given, host.path)).toBe('whole')
  const list = `
for place in ["/run", "/var/run"]:
  try: print(os.listdir(place))
  except OSError: print("nothing")
print(repr(open(${JSON.stringify(secret)}).read()))`
  const program = { id: randomUUID(), path: 'p/x.dag.py', files: only('p/x.dag.py', python(list)) }
  const sealed = { ...tools('whole'), hidden: given.hidden }
  expect(await printProgram(sealed, { ...program, limits: usualLimits })).toEqual({
    printed: "nothing\nnothing\n''\n",
  })
})

test('where a program could do what the product can, and may not, none is run', async () => {
  const refusing = { ...tools('none'), refusal: 'programs are not run here' }
  const program = { id: randomUUID(), path: 'p/x.dag.ts', files: only('p/x.dag.ts', 'console.log(1)') }
  expect(await printProgram(refusing, { ...program, limits: usualLimits })).toMatchObject({
    fault: { message: 'programs are not run here' },
  })
})

test('what an interpreter needs is not hidden, nor what lies in what is hidden', async () => {
  const find = (name: string) => Promise.resolve(name === 'python3' ? '/run/sw/bin/python3' : null)
  const inside = join(data, 'repositories')
  await mkdir(inside)
  const places = await hiddenPlaces([data, inside], [folder], find)
  expect(places).toContain(await realpath(data))
  expect(places).not.toContain(await realpath(inside))
  expect(places).not.toContain('/run')
})

test("[S3] the scratch folder is small, and its bytes are nobody else's", async ({ skip }) => {
  skip(!hasPython, noPython)
  const fill = `
try:
  for i in range(100): open(os.path.join(os.environ["TMPDIR"], str(i)), "wb").write(b"x" * 10**6)
  print("all")
except OSError as error: print(error.strerror)`
  const said = await told(strongest, python(fill))
  expect(said).toBe(strongest === 'whole' ? 'No space left on device\n' : 'all\n')
})

test('[S3] a .dag.ts that takes all memory is told so', async () => {
  const text = 'const a: unknown[] = []\nfor (;;) a.push(Buffer.alloc(10_000_000, 1))\n'
  expect(await told(strongest, text, 'x.dag.ts')).toMatch(/more than 512 MB of memory/)
})
