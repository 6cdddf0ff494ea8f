import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { nodeOptions } from './cli/setup/machine.mjs'

const exclude = ['node_modules/**', '.build*/**', '.dagbok/**', 'examples/**', 'e2e/**', '.bench/**']

/** What takes longest begins first, or it runs alone in the end: vitest knows no times on a new machine, and goes by size. */
const longest = [
  'server/storage/stores/s3/s3-faults.int.test.ts',
  'server/services/version/versions.int.test.ts',
  'workers/executors/pool/pool-executor.int.test.ts',
  'workers/executors/process/process-executor.int.test.ts',
  'cli/start/start.int.test.ts',
  'workers/executors/pool/pool-life.int.test.ts',
  'workers/programs/programs.int.test.ts',
  'cli/commands/run/verbs.int.test.ts',
  'workers/executors/kubernetes/pod-lives.test.ts',
  'workers/executors/kubernetes/watch-loop.test.ts',
  'workers/executors/kubernetes/watch-mutants.test.ts',
  'workers/programs/hostile-program.test.ts',
  'server/domain/notebook/hostile-shapes.test.ts',
  'server/domain/notebook/hostile-text.test.ts',
  'server/services/compile/threaded-compiler.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.indexOf(relative(import.meta.dirname, moduleId))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // A product that several files share is stopped in the end.
    teardownTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...exclude, '**/*.int.test.ts', '**/*.cluster.test.ts'],
          testTimeout: 60_000,
          execArgv: nodeOptions,
          // By itself vitest leaves a processor out: of two it would use one.
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.int.test.ts'],
          exclude,
          globalSetup: ['db/testing/global-setup.ts', 'cli/testing/shared-product.ts'],
          testTimeout: 600_000,
          execArgv: nodeOptions,
          hookTimeout: 600_000,
          // They wait for processes and for the database as much as they compute.
          maxWorkers: 4,
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
          name: 'cluster',
          include: ['**/*.cluster.test.ts'],
          exclude,
          globalSetup: ['db/testing/global-setup.ts', 'k8s/test-cluster/testing/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          execArgv: nodeOptions,
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
