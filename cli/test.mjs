import { runOnNode24 } from './run.mjs'

runOnNode24('cli/check/main.ts', ['test', ...process.argv.slice(2)])
