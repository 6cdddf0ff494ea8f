import { runOnNode24 } from './run.mjs'

runOnNode24('workers/simulation/main.ts', process.argv.slice(2))
