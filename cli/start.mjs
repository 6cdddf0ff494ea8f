import { runOnNode24 } from './run.mjs'

runOnNode24('cli/start/supervisor.ts', process.argv.slice(2))
