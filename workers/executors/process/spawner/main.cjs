'use strict'
// The process that starts those of tasks: small, since to start one takes a copy of the starter's page tables. It is told
// by messages (`spawner.ts`), and goes when who tells it goes: gates that are shut then stay so, what runs goes on.
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')

/** By number: processes that have not ended, and their gates. */
const living = new Map()

const tell = (message) => process.connected && process.send(message, () => {})
const failed = (id, { code, message }) => tell({ id, kind: 'failed', code, message })

/** A process that has led a group and ended: what it left in it ends, too. The number may be another's afterwards. */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
  } catch {
    // Nothing of it is left.
  }
}

/** A named pipe to write to. Who reads it may be gone, and to open it without a reader would wait for ever. */
function openPipe(path) {
  const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  try {
    return fs.openSync(path, fs.constants.O_WRONLY)
  } finally {
    fs.closeSync(reader)
    fs.unlinkSync(path)
  }
}

/** Clock ticks since boot at which a process began; null where nobody tells. */
function startTimeOf(pid) {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return null
  }
}

function start({ id, argv, cwd, env, uid, pipe }) {
  const output = openPipe(pipe)
  let child
  try {
    child = spawn(argv[0], argv.slice(1), {
      cwd,
      env,
      stdio: ['ignore', output, output, 'pipe'],
      detached: true,
      ...(uid === null ? {} : { uid, gid: uid }),
    })
  } finally {
    fs.closeSync(output)
  }
  const { pid } = child
  child.once('error', (error) => pid === undefined && failed(id, error))
  if (pid === undefined) return
  const gate = child.stdio[3]
  gate.on('error', () => {})
  gate.once('data', () => tell({ id, kind: 'ready' }))
  const one = { pid, gate, late: false }
  living.set(id, one)
  child.once('exit', (code, signal) => {
    living.delete(id)
    signalGroup(pid, 'SIGKILL')
    tell({ id, kind: 'exited', code, signal, late: one.late })
  })
  tell({ id, kind: 'started', pid, startTime: startTimeOf(pid) })
}

/** Runs a program of our own to its end, as who we are. */
function run({ id, argv }) {
  const env = { PATH: process.argv[2] }
  const child = spawn(argv[0], argv.slice(1), { cwd: '/', env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.once('error', (error) => failed(id, error))
  if (child.pid === undefined) return
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  child.once('close', (code) => tell({ id, kind: 'ran', code, said }))
}

/** Whoever passed the gate may have been given up meanwhile, while this process stood still or the machine slept. */
function open({ id, word, by }) {
  const one = living.get(id)
  if (one === undefined) return
  if (by === undefined || os.uptime() * 1000 <= by) one.gate.end(word)
  else {
    one.late = true
    signalGroup(one.pid, 'SIGKILL')
  }
}

const does = {
  start,
  run,
  open,
  ping: ({ id }) => tell({ id, kind: 'pong' }),
  shut: ({ id }) => living.get(id)?.gate.destroy(),
  signal: ({ id, signal }) => living.has(id) && signalGroup(living.get(id).pid, signal),
}

process.on('message', (message) => {
  try {
    does[message.kind](message)
  } catch (error) {
    failed(message.id, error)
  }
})
process.on('disconnect', () => process.exit())
// Those are for the worker, which ends its tasks in order: whoever ends all processes of a service at once sends them here, too.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})
process.on('uncaughtException', ({ message }) => {
  fs.writeSync(2, `dagbok: the process that starts tasks ended: ${message}\n`)
  process.exit(1)
})
