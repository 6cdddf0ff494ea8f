import { runOnNode24 } from './run.mjs'

runOnNode24('cli/start/make-build.ts', process.argv.slice(2))
