/**
 * What every command needs before the rest can run: Node ≥ 20, npm ≥ 10, git, the packages of the lock file, and a
 * Node 24. It has no dependencies and runs on Node 20; everything after it runs on Node 24.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** What every Node of the product is started with. */
export const nodeOptions = [
  '--disable-warning=ExperimentalWarning',
  `--import=${pathToFileURL(join(root, 'cli/setup/quick-modules.mjs')).href}`,
]

const major = (version) => Number.parseInt(version.replace(/^[^\d]*/, ''), 10)

function said(command, ...args) {
  const result = spawnSync(command, args, { encoding: 'utf8' })
  return result.error === undefined && result.status === 0 ? result.stdout.trim() : null
}

function npmFaults(npm) {
  if (npm === null) return ['npm is not on the PATH: install Node 20 or newer with npm 10 or newer.']
  return major(npm) < 10 ? [`npm ${npm} is too old: run \`npm install --global npm@11\`.`] : []
}

function gitFaults(git, servesGit) {
  if (git === null) return ['git is not on the PATH: install git 2.30 or newer.']
  return servesGit
    ? []
    : ['this git has no `git http-backend`, which serves the repositories: install the full git package.']
}

/**
 * Every fault of a machine at once, each with what to do; an empty list when all is there.
 * @param machine versions as the programs say them, null for what is not there; `npm` is left out where nothing is to be installed
 */
export function faultsOf({ node, npm, git, servesGit, platform }) {
  const faults = []
  if (major(node) < 20) faults.push(`Node ${node} is too old: install Node 20 or newer.`)
  if (npm !== undefined) faults.push(...npmFaults(npm))
  faults.push(...gitFaults(git, servesGit))
  if (platform !== 'linux' && platform !== 'darwin')
    faults.push(`${platform} is not supported: use Linux or macOS (on Windows, WSL 2).`)
  return faults
}

/** Those of this machine. */
export function machineFaults() {
  return faultsOf({
    node: process.version,
    // Only the installation needs npm, and to ask it takes longer than all the rest of this.
    npm: isInstalled() ? undefined : said('npm', '--version'),
    git: said('git', '--version'),
    servesGit: existsSync(join(said('git', '--exec-path') ?? '', 'git-http-backend')),
    platform: process.platform,
  })
}

const stampOf = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')

const stampName = '.dagbok-installed'
const stampFile = join(root, 'node_modules', stampName)

export const isInstalled = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stampOf()

/** Notes that what is installed is what the lock file says. @param {string} folder where it is, when it is not here */
export function markInstalled(folder = root) {
  writeFileSync(join(folder, 'node_modules', stampName), stampOf())
}

/** `npm ci`, unless what is installed is already what the lock file says. Throws when npm fails. */
export function install() {
  if (isInstalled()) return false
  execFileSync(
    'npm',
    // No warnings: the packages are run by the Node 24 among them, whatever Node installs them.
    [
      'ci',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--loglevel=error',
    ],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  markInstalled()
  return true
}

/** A Node 24 or newer: this one, or the one that came with the packages. */
export function node24() {
  if (major(process.version) >= 24) return process.execPath
  const own = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(own)) return own
  throw new Error(
    `there is no Node 24 for ${process.platform}-${process.arch} among the packages: install Node 24 yourself`,
  )
}

/** `node24`, or says that there is none and ends the process with 1. */
export function ownNode() {
  try {
    return node24()
  } catch (error) {
    console.error(`dagbok: ${error.message}`)
    return process.exit(1)
  }
}

/** Checks and installs, or says what is missing and ends the process with 1. Gives the Node 24 to go on with. */
export function prepare(log = console.log) {
  const faults = machineFaults()
  if (faults.length > 0) {
    for (const fault of faults) console.error(`dagbok: ${fault}`)
    process.exit(1)
  }
  try {
    const started = Date.now()
    if (!isInstalled()) log('install  npm ci …')
    if (install()) log(`install  ${((Date.now() - started) / 1000).toFixed(1)} s`)
  } catch (error) {
    console.error(`dagbok: the packages could not be installed: ${error.message}`)
    process.exit(1)
  }
  return ownNode()
}
