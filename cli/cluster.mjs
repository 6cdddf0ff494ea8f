import { runOnNode24 } from './run.mjs'

runOnNode24('k8s/test-cluster/main.ts', process.argv.slice(2))
