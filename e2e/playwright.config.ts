import { defineConfig } from '@playwright/test'
import { findBrowser } from './fixtures/chromium.ts'

const browser = await findBrowser()
if (typeof browser === 'string') throw new Error(browser)

/** Two workers, each with a product of its own: one uses half of two processors. Time limits only guard against hanging. */
export default defineConfig({
  testDir: 'specs',
  outputDir: '../.e2e/failures',
  workers: 2,
  // First those that start a product of their own: a worker that has the shared one ends when it meets one of them.
  projects: [
    { name: 'alone', testMatch: 'alone/**' },
    { name: 'shared', testIgnore: 'alone/**' },
  ],
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['json', { outputFile: '../.e2e/report.json' }]],
  use: {
    viewport: { width: 1360, height: 850 },
    locale: 'en-GB',
    // Without a graphics card each frame of a thing that turns is painted by the processor, in every page that is open.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: browser,
    screenshot: 'only-on-failure',
    // Without its film of the page, for which a browser without a graphics card paints everything once more.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: true },
  },
})
