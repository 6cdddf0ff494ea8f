import { runOnNode24 } from './run.mjs'

runOnNode24('k8s/images/write-agent.ts', process.argv.slice(2))
