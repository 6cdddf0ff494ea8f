/** The image of the product as `k8s/images/Dockerfile` has it, made without an engine. */
import { cp, mkdir, readFile, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { ensureBuild } from '#cli/start/build.ts'
import { markInstalled, root as checkout } from '../../cli/setup/machine.mjs'
import { trim } from '../images/trim.mjs'
import { makeImage } from './image.ts'
import { makeFromPackages, withNode } from './images.ts'
import { kept } from './kept.ts'
import { run } from './run.ts'

const at = 'opt/dagbok'
const installed = ['package.json', 'package-lock.json']

/** What of a checkout is in the image: the names that its ignore file lets through. */
async function productPaths(): Promise<string[]> {
  const text = await readFile(join(checkout, 'k8s/images/Dockerfile.dockerignore'), 'utf8')
  return text.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))
}

const base = {
  packages: ['busybox-static', 'git', 'libatomic1', 'libstdc++6', 'tini', 'util-linux'],
  config: {},
  more: withNode,
}

/** On top of the base, the packages of the lock file: they change seldom, and are most of it. */
async function makePackages(folder: string, under: string): Promise<void> {
  const root = join(folder, 'root')
  const product = join(root, at)
  await mkdir(product, { recursive: true })
  for (const name of installed) await cp(join(checkout, name), join(product, name))
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await run(['npm', 'ci', '--omit=dev', ...quiet], { cwd: product })
  trim(product)
  markInstalled(product)
  await makeImage(join(folder, 'image'), root, {}, under)
  await rm(root, { recursive: true })
}

async function packages(say: (text: string) => void): Promise<string> {
  const under = await kept(
    'image-product-base',
    [base.packages, String(base.more), process.version],
    (to) => makeFromPackages(to, base),
    say,
  )
  const decides = [...installed, 'k8s/images/trim.mjs'].map((name) => readFile(join(checkout, name), 'utf8'))
  const layers = join(under, 'image')
  const made = await kept(
    'image-product-packages',
    [under, ...(await Promise.all(decides))],
    (to) => makePackages(to, layers),
    say,
  )
  return join(made, 'image')
}

const config = {
  Entrypoint: ['tini', '--', 'node'],
  Cmd: ['cli/start.mjs', '--no-open', '--no-link', '--no-examples'],
  User: '1000:1000',
  WorkingDir: `/${at}`,
  Env: [
    'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
    'NODE_ENV=production',
    'NEXT_TELEMETRY_DISABLED=1',
    'HOST=0.0.0.0',
    'DAGBOK_DATA_DIR=/data',
  ],
}

/** What is not the product's. */
const isTest = (path: string) => /\.test\.tsx?$/.test(path)

/**
 * Makes it of this checkout, and the build of the pages where that is not current.
 * @param folder where; it must not be there
 * @throws ClusterError
 */
export async function productImage(folder: string, say: (text: string) => void): Promise<void> {
  const under = await packages(say)
  await ensureBuild(checkout, new AbortController().signal)
  const root = `${folder}.root`
  const copy = (name: string, filter: (path: string) => boolean) =>
    cp(join(checkout, name), join(root, at, name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (from) => filter(relative(checkout, from)),
    })
  try {
    for (const name of await productPaths()) await copy(name, (path) => !isTest(path))
    await copy('.build', (path) => !`${path}${sep}`.startsWith(join('.build', 'cache', sep)))
    await makeImage(folder, root, config, under)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
