import { runOnNode24 } from './run.mjs'

runOnNode24('cli/start/migrate.ts', process.argv.slice(2))
