/** The agent in a task's pod as one file: what it needs of the product, and no packages to install. */
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')

/** Some packages are CommonJS, and ask for `require`. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** @returns the text of the module */
export async function agentBundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'workers/task-runner/main.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: banner },
    legalComments: 'none',
    logLevel: 'silent',
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error('the agent could not be put into one file')
  return file.text
}
