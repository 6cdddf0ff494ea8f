/** What is in the agent's image: what it needs of the product, in files that need no packages. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '../..')

/** Some packages are CommonJS, and ask for `require`. */
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** The agent in tasks' pods, and a worker of the pool that is brought into an image of tasks. */
const entries = { agent: 'workers/task-runner/main.ts', worker: 'cli/worker/in-image.ts' }

/** What the worker reads beside itself: what starts processes, and what waits in an interpreter's place. */
const beside = {
  'main.cjs': 'workers/executors/process/spawner/main.cjs',
  'warm/idle.cjs': 'workers/executors/process/warm/idle.cjs',
  'warm/idle.py': 'workers/executors/process/warm/idle.py',
}

/** @returns by its path, the text of each file */
export async function agentFiles(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    entryPoints: Object.entries(entries).map(([out, path]) => ({ in: join(root, path), out })),
    bundle: true,
    write: false,
    outdir: root,
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    platform: 'node',
    target: 'node24',
    banner: { js: banner },
    legalComments: 'none',
    logLevel: 'silent',
  })
  const read = Object.entries(beside).map(
    async ([name, path]) => [name, await readFile(join(root, path), 'utf8')] as const,
  )
  return {
    ...Object.fromEntries(outputFiles.map(({ path, text }) => [path.slice(root.length + 1), text])),
    ...Object.fromEntries(await Promise.all(read)),
  }
}

/** Writes them below a folder. */
export async function writeAgentFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}
