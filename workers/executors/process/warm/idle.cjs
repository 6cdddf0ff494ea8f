'use strict'
// Node, started before it is wanted: waits at the start gate, then becomes `node SCRIPT ARGS`, once.
const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const { Console } = require('node:console')
const { Writable } = require('node:stream')

/** Writes the attempt's id where the machine looks for it: into the environment the process was started with. */
function mark(attempt) {
  const stat = fs.readFileSync('/proc/self/stat', 'latin1')
  const start = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[47])
  const name = 'DAGBOK_ATTEMPT_ID='
  const at = `\0${fs.readFileSync('/proc/self/environ', 'latin1')}`.indexOf(`\0${name}`) + name.length
  const memory = fs.openSync('/proc/self/mem', 'r+')
  fs.writeSync(memory, attempt, start + at, 'latin1')
  fs.closeSync(memory)
}

function exactly(count) {
  const bytes = Buffer.alloc(count)
  for (let have = 0; have < count;) {
    const got = fs.readSync(3, bytes, have, count - have, null)
    if (got === 0) process.exit(70)
    have += got
  }
  return bytes.toString()
}

function begin() {
  const [attempt, cwd, file, count, ...rest] = exactly(Number.parseInt(exactly(8), 16)).split('\0')
  mark(attempt)
  fs.closeSync(3)
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) delete process.env[name]
  for (const variable of rest.slice(Number(count))) {
    const at = variable.indexOf('=')
    process.env[variable.slice(0, at)] = variable.slice(at + 1)
  }
  const script = path.resolve(file)
  process.argv.splice(1, Infinity, script, ...rest.slice(0, Number(count)))
  delete require.cache[__filename]
  Module.runMain(script)
}

/** Loads what Node loads when it is first used, and what a script uses first; none of it can be seen by the script. */
async function warm() {
  // The loader of ES modules is there from now on, too.
  await import('data:text/javascript,')
  // What a script prints goes by these; its own output is not opened: that would change what its children inherit.
  require('node:net')
  require('node:tty')
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  new Console(nowhere).log(1, {})
  // As `typescript` has it: this alone takes longer than all the rest of a start.
  if (process.execArgv.includes('--disable-warning=ExperimentalWarning'))
    Module.stripTypeScriptTypes('const one: number = 1')
}

mark('0'.repeat(36))
async function wait() {
  await warm()
  fs.writeSync(3, 'r')
  // Not from a promise: what the script throws is an exception, and no rejection.
  setImmediate(begin)
}

void wait()
