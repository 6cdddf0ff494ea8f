/**
 * Completes package-lock.json after `npm install` on a registry that lacks some packages of other platforms: npm leaves
 * those out, and `npm ci` then refuses the lock file everywhere. An entry says its version, and for which platform it is.
 * Run by `npm run lock`; it changes nothing where nothing is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './machine.mjs'

const systems = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  win32: 'win32',
  windows: 'win32',
  openharmony: 'openharmony',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  sunos: 'sunos',
  aix: 'aix',
}
const processors = {
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  wasm32: 'wasm32',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
}

/** What the name of a platform package says: `@next/swc-darwin-arm64` is for darwin on arm64. */
function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = words.map((word) => systems[word]).filter(Boolean)
  const cpu = words.map((word) => processors[word]).filter(Boolean)
  return { ...(cpu.length > 0 ? { cpu } : {}), ...(os.length > 0 ? { os } : {}) }
}

const file = join(root, 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = {}
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`
    const top = `node_modules/${name}`
    if (lock.packages[nested] !== undefined || lock.packages[top] !== undefined) continue
    if (!/^\d/.test(version.replace(/^[\^~]/, ''))) continue
    const platform = platformOf(name)
    if (Object.keys(platform).length > 0)
      missing[top] = { version: version.replace(/^[\^~]/, ''), ...platform, optional: true }
  }
}
lock.packages = Object.fromEntries(
  Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1)),
)
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${Object.keys(missing).length} entries of other platforms added`)
