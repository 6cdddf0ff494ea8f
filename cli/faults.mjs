import { runOnNode24 } from './run.mjs'

runOnNode24('node_modules/vitest/vitest.mjs', ['run', '--project', 'faults', ...process.argv.slice(2)])
