#!/usr/bin/env node
import { runOnNode24 } from './run.mjs'
import { isInstalled, ownNode, prepare } from './setup/machine.mjs'

// What is printed may be read by a program: an installation is told beside it.
runOnNode24('cli/commands/main.ts', process.argv.slice(2), isInstalled() ? ownNode() : prepare(console.error))
