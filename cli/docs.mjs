import { runOnNode24 } from './run.mjs'

runOnNode24('cli/docs/main.ts', process.argv.slice(2))
