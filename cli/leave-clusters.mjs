import { runOnNode24 } from './run.mjs'

runOnNode24('cli/start/leave-clusters.ts', process.argv.slice(2))
