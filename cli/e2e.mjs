import { runOnNode24 } from './run.mjs'

runOnNode24('node_modules/@playwright/test/cli.js', [
  'test',
  '--config',
  'e2e/playwright.config.ts',
  ...process.argv.slice(2),
])
