import { defineConfig } from 'vitest/config'
import { nodeOptions } from './cli/setup/machine.mjs'

const exclude = ['node_modules/**', '.build*/**', '.dagbok/**', 'examples/**', 'e2e/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...exclude, '**/*.int.test.ts'],
          testTimeout: 60_000,
          execArgv: nodeOptions,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.int.test.ts'],
          exclude,
          globalSetup: ['db/testing/global-setup.ts'],
          testTimeout: 600_000,
          execArgv: nodeOptions,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['e2e/faults/**/*.fault.test.ts'],
          globalSetup: ['db/testing/global-setup.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'soak',
          include: ['e2e/faults/**/*.soak.test.ts'],
          globalSetup: ['db/testing/global-setup.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
