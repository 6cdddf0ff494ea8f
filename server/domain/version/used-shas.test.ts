import { expect, test } from 'vitest'
import { withoutShas } from './used-shas.ts'

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)]
const at = (repo: string, sha: string, path = 'x.py') => `.dagbok/uses/main/${repo}/${sha}/${path}`
const bundle = (...paths: string[]) => paths.map((path) => ({ path, mode: '100644', blob: '' }))

test('the same file of another commit is the same, unless a version has several commits of its repository', () => {
  const one = withoutShas(bundle(at('p', a), 'own.py'), bundle(at('p', b)))
  expect(one(at('p', a))).toBe(one(at('p', b)))
  expect(one(`["${at('p', a, 'y')}"]`)).toBe('[".dagbok/uses/main/p/y"]')
  expect(one('own.py')).toBe('own.py')
  const two = withoutShas(bundle(at('p', a), at('q', a)), bundle(at('p', a), at('p', b), at('q', b)))
  expect(two(at('p', a))).toBe(at('p', a))
  expect(two(at('q', a))).toBe(two(at('q', b)))
})
