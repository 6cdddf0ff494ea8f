/** The one place that reads the environment of this process. */
import { readFileSync } from 'node:fs'
import { readSettings } from './read.ts'
import type { Settings } from './schema.ts'

/** The settings of this process. @throws DagbokError `bad_input` with every fault */
export const processSettings = (): Settings => readSettings(process.env, (path) => readFileSync(path, 'utf8'))

/** The environment of a child of the product: ours, with these variables on top. */
export const childEnvironment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
})

/** What of our environment a task may be given; executors take only names they list. */
export const inheritedByTasks = (): Record<string, string | undefined> => ({ ...process.env })
