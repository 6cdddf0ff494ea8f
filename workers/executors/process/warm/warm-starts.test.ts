/** A script cannot tell whether its interpreter was started for it or before. */
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gitPath } from '#server/config/git.ts'
import { hasPython, noPython } from '../../../testing/python.ts'
import { openHost, type Host } from '../host.ts'
import type { Exit } from '../spawner/spawner.ts'
import { killMarked, signalGroup, startBehindGate, type TaskProcess } from '../task-process.ts'
import { baseOf, WarmStarts, type WarmLanguage } from './warm-starts.ts'

let host: Host
let folder = ''
let warm: WarmStarts
beforeAll(async () => {
  const root = process.getuid?.() === 0 ? '/var/lib/dagbok' : tmpdir()
  await mkdir(root, { recursive: true })
  folder = await mkdtemp(join(root, 'test-warm-'))
  await chmod(folder, 0o711)
  host = await openHost(folder, gitPath())
  warm = new WarmStarts(host)
})
afterAll(async () => {
  await warm.close()
  await host.spawner.close()
  await rm(folder, { recursive: true, force: true })
})

interface Place {
  id: string
  cwd: string
  env: Record<string, string>
}

async function place(name: string, files: Record<string, string>, more = {}): Promise<Place> {
  const cwd = join(folder, name)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(cwd, path, '..'), { recursive: true })
    await writeFile(join(cwd, path), text)
  }
  for (const at of await readdir(folder, { recursive: true }))
    if (host.uid !== null && at.startsWith(name)) await chown(join(folder, at), host.uid, host.uid)
  const id = randomUUID()
  return { id, cwd, env: { LANG: 'C.UTF-8', PATH: host.path, HOME: cwd, DAGBOK_ATTEMPT_ID: id, ...more } }
}

async function finish(running: TaskProcess): Promise<{ said: string } & Exit> {
  running.open()
  const parts: Buffer[] = []
  for await (const part of running.output as AsyncIterable<Buffer>) parts.push(part)
  const end = await running.exited
  if (end === null) throw new Error('nobody knows how it ended')
  return { said: Buffer.concat(parts).toString(), ...end }
}

/** One from the store: it is asked for until it has been filled. */
async function fromStore(
  language: WarmLanguage,
  path: string,
  args: string[],
  at: Place,
): Promise<TaskProcess> {
  for (let tries = 0; tries < 1000; tries++) {
    const taken = warm.take({ language, path, args }, at)
    if (taken !== null) return taken
    await new Promise((done) => setTimeout(done, 20))
  }
  throw new Error(`the store of ${language} stays empty`)
}

const languages = [
  { language: 'javascript' as const, argv: ['node'], file: './s.js', there: true },
  {
    language: 'typescript' as const,
    argv: ['node', '--disable-warning=ExperimentalWarning'],
    file: './s.ts',
    there: true,
  },
  { language: 'python' as const, argv: ['python3', '-u'], file: './s.py', there: hasPython },
]

async function both(language: WarmLanguage, argv: string[], file: string, at: Place, args: string[] = []) {
  const cold = await finish(await startBehindGate(host, at.cwd, [...argv, file, ...args], at.env))
  const kept = await finish(await fromStore(language, file, args, at))
  return { cold, kept }
}

const python = {
  view: `import sys, os, site, threading, signal
print(sys.argv, sys.orig_argv[1:], sys.path[0], sys.path[1:], __name__, __file__, __spec__, __package__)
print(sorted(sys.modules)); print(sorted(k for k in globals()))
print(sorted(os.environ.items())); print(os.getcwd(), os.umask(0o22), sorted(os.listdir('/proc/self/fd')))
print(site.getusersitepackages(), site.ENABLE_USER_SITE, sys.flags, sys.stdout.encoding, sys.stdout.line_buffering)
print([signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)], threading.active_count())
print(os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid(), type(__loader__).__name__, __builtins__.__name__)
import foo.bar; print(foo.bar.x)`,
  raise: 'def f():\n    raise ValueError("no")\n\nf()\n',
  syntax: 'x = = 1\n',
  exit: 'import atexit, sys\natexit.register(lambda: print("bye"))\nsys.exit("told")\n',
  thread:
    'import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.05), print("late"))).start()\n',
  interrupt: 'import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(5)\n',
}
const script = {
  view: `const fs = require('fs')
console.log(process.argv, process.execArgv, process.cwd(), process.umask(), require.main === module, __filename)
console.log(Object.entries(process.env).sort(), Object.keys(require.cache), Object.keys(globalThis).sort(), module.paths[0], module.parent)
console.log(fs.readdirSync('/proc/self/fd').filter((fd) => fd < 4), process.listenerCount('SIGTERM'), process.title)
console.log(require('./foo/bar.cjs').x, process.stdout.constructor.name, process.stdin.constructor.name)`,
  raise: 'function f() { throw new Error("no") }\nf()\n',
  reject: 'Promise.reject(new Error("later"))\n',
  syntax: 'const = 1\n',
  exit: 'process.on("exit", () => console.log("bye")); process.exitCode = 3\n',
}
const files = {
  'foo/bar.py': 'x = 1\n',
  'foo/bar.cjs': 'exports.x = 1\n',
  'foo/bar.mjs': 'export const x = 2\n',
}

/** Frames of Node's own, and what is a moment's: pids and addresses. */
const essence = (text: string) =>
  text
    .split('\n')
    .filter((line) => !/^ {4}at .*(node:|idle\.cjs)/.test(line))
    .join('\n')
    .replaceAll(/0x[0-9a-f]+/g, '0x')

describe.each(languages)('$language', ({ language, argv, file, there }) => {
  const texts = language === 'python' ? python : script
  test.for(Object.entries(texts))('%s: the same words, the same end', async ([name, text], { skip }) => {
    skip(!there, noPython)
    const at = await place(`${language}-${name}`, { ...files, [file]: text }, { A: 'b=c\nd', EMPTY: '' })
    const { cold, kept } = await both(language, argv, file, at, ['one', '', 'two words'])
    expect(essence(kept.said)).toBe(essence(cold.said))
    expect([kept.code, kept.signal]).toEqual([cold.code, cold.signal])
  })

  test('nothing of one attempt is seen by the next', async ({ skip }) => {
    skip(!there, noPython)
    const dirty =
      language === 'python'
        ? 'import os, sys, signal, builtins, foo.bar\nbuiltins.left = 1; sys.modules["left"] = sys; os.environ["LEFT"] = "1"\nos.chdir("/"); os.umask(0); signal.signal(signal.SIGTERM, signal.SIG_IGN); os.dup2(1, 9); foo.bar.x = 99\n'
        : 'const fs = require("fs"); globalThis.left = 1; process.env.LEFT = "1"; process.chdir("/"); process.umask(0)\nprocess.on("SIGTERM", () => {}); fs.openSync("/", "r"); require("./foo/bar.cjs").x = 99\n'
    const first = await place(`${language}-dirty`, { ...files, [file]: dirty })
    expect(await finish(await fromStore(language, file, [], first))).toMatchObject({ said: '', code: 0 })
    const second = await place(`${language}-view`, { ...files, [file]: texts.view })
    const { cold, kept } = await both(language, argv, file, second)
    expect(essence(kept.said)).toBe(essence(cold.said))
    expect(kept.said).not.toContain('LEFT')
  })

  test('what is in store carries the mark of the attempt it becomes, also what it leaves behind', async ({
    skip,
  }) => {
    skip(!there, noPython)
    const leave =
      language === 'python'
        ? 'import os, time\nif os.fork() == 0:\n    os.setsid(); os.close(1); os.close(2); time.sleep(600)\n'
        : 'require("child_process").spawn("sleep", ["600"], { detached: true, stdio: "ignore" }).unref()\n'
    const at = await place(`${language}-leave`, { [file]: leave })
    const running = await fromStore(language, file, [], at)
    expect(await finish(running)).toMatchObject({ code: 0 })
    const left = () => marked(at.id)
    expect(await left()).toBe(1)
    await killMarked(new Set([at.id]), host.uid)
    expect(await left()).toBe(0)
  })

  test('[R1] behind a closed gate it ends without running anything', async ({ skip }) => {
    skip(!there, noPython)
    const at = await place(`${language}-shut`, {
      [file]: language === 'python' ? 'print(1)' : 'console.log(1)',
    })
    const running = await fromStore(language, file, [], at)
    running.shut()
    const parts: Buffer[] = []
    for await (const part of running.output as AsyncIterable<Buffer>) parts.push(part)
    expect(parts).toEqual([])
    expect((await running.exited)?.code).toBe(70)
  })
})

async function marked(id: string): Promise<number> {
  let found = 0
  for (const pid of await readdir('/proc'))
    if (/^\d+$/.test(pid))
      found += (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(id) ? 1 : 0
  return found
}

test('an attempt whose environment steers its interpreter is started by itself', () => {
  expect(baseOf({ PATH: '/bin', PYTHONPATH: 'lib' })).toBe(null)
  expect(baseOf({ PATH: '/bin', NODE_OPTIONS: '--require ./x.js' })).toBe(null)
  expect(baseOf({ PATH: '/bin', LD_PRELOAD: './x.so' })).toBe(null)
  expect(baseOf({ PATH: '/bin', LANG: 'C', MINE: '1' })).toEqual({ PATH: '/bin', LANG: 'C' })
})

test('a spare that falls is replaced, and is not handed out', async () => {
  const at = await place('fallen', { 's.js': 'console.log("up")' })
  const first = await fromStore('javascript', './s.js', [], at)
  signalGroup(first.pid, 'SIGKILL')
  await first.exited
  expect(await finish(await fromStore('javascript', './s.js', [], at))).toMatchObject({
    said: 'up\n',
    code: 0,
  })
})
