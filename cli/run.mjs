/** Runs `node24 FILE …` in this process's place: the same terminal, signals and exit code. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { nodeOptions, prepare, root } from './setup/machine.mjs'

/** @param {string} file repository path of a TypeScript file @param {string[]} args @param {string} node the Node 24 */
export function runOnNode24(file, args, node = prepare()) {
  const child = spawn(node, [...nodeOptions, join(root, file), ...args], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0)
  })
}
