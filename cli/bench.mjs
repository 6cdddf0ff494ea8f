import { runOnNode24 } from './run.mjs'

runOnNode24('bench/main.ts', process.argv.slice(2))
