import { runOnNode24 } from './run.mjs'

runOnNode24('cli/start/sign-in.ts', process.argv.slice(2))
