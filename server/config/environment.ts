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

/** Variables of the product's own environment that tasks get; nothing else of it. */
const passedOn: ReadonlySet<string> = new Set(['LANG', 'LC_ALL', 'TZ', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])
/** Of a worker in an image, what is its own: all else is the image's. */
const ofWorker = /^(DAGBOK_.*|HOME|TMPDIR|PWD|OLDPWD|SHLVL|_)$/

/** Kept from our own Node by what starts it in an image (`workers/task-runner/worker-files.ts`). */
const keptBack = 'DAGBOK_IMAGE_'

/** What tasks are given of our environment. @param inImage whether it is that of their own image */
export const inheritedByTasks = (inImage = false): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => {
      if (value === undefined) return []
      if (!inImage) return passedOn.has(name) ? [[name, value]] : []
      if (name.startsWith(keptBack)) return [[name.slice(keptBack.length), value]]
      return ofWorker.test(name) ? [] : [[name, value]]
    }),
  )
