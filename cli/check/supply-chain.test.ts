import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './stage.ts'

type Packages = Record<string, { version?: string; resolved?: string }>
const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
const manifest = read('package.json') as Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>
const lock = read('package-lock.json') as { packages: Packages }

/** Below these, a known hole is open (next: middleware bypass and image cache; the others: as their advisories say). */
const floors: Record<string, string> = {
  next: '16.3.8',
  'next-auth': '4.24.12',
  'simple-git': '4.0.0',
  yaml: '2.8.0',
  '@trpc/server': '11.8.0',
}

const older = (a: string, b: string) => {
  const [left, right] = [a, b].map((version) => version.split(/[.-]/).map(Number)) as [number[], number[]]
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return (left[i] ?? 0) < (right[i] ?? 0)
  return false
}

test('every dependency has an exact version', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
  expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
})

test('the lock file names no host', () => {
  expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved?.includes('://'))).toEqual([])
})

test('nothing is below the security floor', () => {
  for (const [name, floor] of Object.entries(floors)) {
    const copies = Object.entries(lock.packages).filter(
      ([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`),
    )
    expect(copies.length, name).toBeGreaterThan(0)
    for (const [path, entry] of copies)
      expect(older(entry.version ?? '0', floor), `${path} ${entry.version}`).toBe(false)
  }
})
