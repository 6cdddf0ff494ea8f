import { runOnNode24 } from './run.mjs'

runOnNode24('cli/check/soak.ts', process.argv.slice(2))
