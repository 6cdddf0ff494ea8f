/** The one place that reads the environment of this process. */
import { readFileSync } from 'node:fs'
import { delimiter, dirname, resolve } from 'node:path'
import { readSettings } from './read.ts'
import { secretNames, type Settings } from './schema.ts'

/** The settings of this process. @throws DagbokError `bad_input` with every fault */
export const processSettings = (): Settings => readSettings(process.env, (path) => readFileSync(path, 'utf8'))

/**
 * Where secrets lie that came as `NAME_FILE`: their folders, or the files themselves where the folder is the system's. And the files
 * of `KUBECONFIG`.
 */
export const secretPlaces = (): string[] => [
  ...secretNames.flatMap((name) => {
    const path = process.env[`${name}_FILE`] ?? ''
    if (path === '') return []
    const folder = dirname(resolve(path))
    return [folder.split('/').length > 2 ? folder : resolve(path)]
  }),
  ...(process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== ''),
]

/** The environment of a child of the product: ours, with these variables on top. */
export const childEnvironment = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
})

/** What of our environment a task may be given; executors take only names they list. */
export const inheritedByTasks = (): Record<string, string | undefined> => ({ ...process.env })
