import { expect, test } from 'vitest'
import { linksOut } from './links.ts'

const out = (links: Record<string, string>) => linksOut(new Map(Object.entries(links)))

test.each([
  ['a file beside it', { 'a/l': 'x.txt' }],
  ['a file above it', { 'a/b/l': '../x.txt' }],
  ['the root', { 'a/b/l': '../..' }],
  ['a file by way of another link', { 'a/l': 'm/x', 'a/m': '../b' }],
  ['a folder that is not there', { l: 'gone/../x' }],
])('a link to %s stays inside', (_, links) => expect(out(links)).toEqual([]))

test.each([
  ['an absolute path', { l: '/etc/passwd' }],
  ['what lies above', { 'a/l': '../../x' }],
  ['git’s own', { 'a/l': '../.git/config' }],
  ['itself', { l: 'l' }],
  ['nothing', { l: '' }],
])('[S3] a link to %s leads out', (_, links) => expect(out(links)).toEqual(Object.keys(links)))

test('[S3] what a link’s text says is inside may lie outside, by way of another one', () => {
  // By its text `x` is p/q/etc: but `up` is a folder of the root, and three above that is outside.
  const links = { 'p/q/r/s/up': '../../../../a', x: 'p/q/r/s/up/../../../etc' }
  expect(out(links)).toEqual(['x'])
})

test('[S3] links of links are followed as far as the kernel does', () => {
  const chain = (n: number) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`l${i}`, i === 0 ? 'file' : `l${i - 1}`]))
  expect(out(chain(40))).toEqual([])
  expect(out(chain(41))).toEqual(['l40'])
})
