import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cleanPath,
  imageFault,
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  isQualifiedName,
  isQuantity,
  overlaps,
  quantityValue,
} from './syntax.ts'

describe('quantities are of the grammar of Kubernetes', () => {
  test.each([
    '0',
    '1',
    '+1',
    '1.5',
    '1.',
    '.5',
    '100m',
    '1500u',
    '3n',
    '2k',
    '128Mi',
    '1Gi',
    '5Ei',
    '1e3',
    '1E-2',
  ])('%s is one', (text) => {
    expect(isQuantity(text)).toBe(true)
  })
  test.each([
    '',
    '.',
    '-1',
    '1 Gi',
    '1GiB',
    '1gi',
    '1ki',
    '1K',
    '1mi',
    '1e',
    '1e400',
    'Gi',
    '0x10',
    '1_000',
    '１',
  ])('%j is none', (text) => {
    expect(isQuantity(text)).toBe(false)
  })
  test.each([
    ['1', '1000m'],
    ['0.1', '100m'],
    ['1Ki', '1024'],
    ['0.5Gi', '512Mi'],
    ['1e3', '1k'],
    ['+2E-3', '2m'],
    ['.5', '500m'],
    ['3n', '3e-9'],
  ])('%s is as much as %s', (a, b) => {
    expect(quantityValue(a)).toBe(quantityValue(b))
  })
  test('more is more', () => {
    const amounts = [
      '1n',
      '1u',
      '1m',
      '1',
      '1k',
      '1Ki',
      '1M',
      '1Mi',
      '1G',
      '1Gi',
      '1T',
      '1Ti',
      '1P',
      '1Pi',
      '1E',
      '1Ei',
    ]
    const values = amounts.map(quantityValue)
    expect(values).toEqual(values.toSorted((a, b) => a - b))
    expect(new Set(values).size).toBe(amounts.length)
  })
  test('a number is one when it is finite and not below nothing', () => {
    expect([0, 1.5, -1, Number.NaN, Infinity].map(isQuantity)).toEqual([true, true, false, false, false])
  })
})

describe('names', () => {
  test.each([
    ['a', true],
    ['a-b', true],
    ['a.b', false],
    ['A', false],
    ['-a', false],
    ['a-', false],
    ['a\n', false],
    ['', false],
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
  ])('%j as a label of DNS: %s', (text, valid) => {
    expect(isDnsLabel(text)).toBe(valid)
  })
  test.each([
    ['a.b-c.d', true],
    ['a..b', false],
    ['.a', false],
    ['a.', false],
    ['a.-b', false],
    ['a'.repeat(254), false],
  ])('%j as a subdomain: %s', (text, valid) => {
    expect(isDnsSubdomain(text)).toBe(valid)
  })
  test.each([
    ['app', true],
    ['example.com/app_1.X', true],
    ['example.com/', false],
    ['/app', false],
    ['a/b/c', false],
    ['Example.com/app', false],
    ['_app', false],
    ['app_', false],
    ['__proto__', false],
    [`x/${'a'.repeat(64)}`, false],
  ])('%j as the key of a label: %s', (text, valid) => {
    expect(isQualifiedName(text)).toBe(valid)
  })
  test.each([
    ['', true],
    ['a', true],
    ['A_b.c-9', true],
    ['-a', false],
    ['a ', false],
    ['ä', false],
    ['a'.repeat(64), false],
  ])('%j as the value of a label: %s', (text, valid) => {
    expect(isLabelValue(text)).toBe(valid)
  })
})

describe('references of images', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  test.each([
    'busybox',
    'python:3.12-slim',
    'library/python',
    'registry.example/team/name:v2',
    'localhost/name',
    'localhost:5000/name:1',
    '10.88.0.1:5000/a/b@' + digest,
    '[fd00::1]:5000/a',
    'name:tag@' + digest,
    'a__b/c.d/e---f',
    'Registry.Example/name',
  ])('%s is one', (text) => {
    expect(imageFault(text)).toBeNull()
  })
  test.each([
    ['', 'empty'],
    ['Python', "'Python' is no part"],
    ['Team/name', "'Team' is no part"],
    ['name:', 'no tag'],
    ['name:-x', 'no tag'],
    [`name:${'x'.repeat(129)}`, 'no tag'],
    ['name@sha256:123', 'no digest'],
    ['name@', 'no digest'],
    ['a//b', "'' is no part"],
    ['/a', "'' is no part"],
    ['a b', "'a b' is no part"],
    ['https://registry.example/a', 'no address'],
    ['registry.example:port/a', 'no address'],
    ['a/'.repeat(130) + 'a', 'longer than 255'],
    ['a'.repeat(600), 'longer than 512'],
  ])('%j is none', (text, why) => {
    expect(imageFault(text)).toContain(why)
  })
  test('a hostile one takes no time', () => {
    const started = performance.now()
    for (const text of [
      'a'.repeat(511) + '!',
      'a-'.repeat(250) + '!',
      `x.${'a-'.repeat(240)}/b!`,
      '.'.repeat(512),
    ])
      expect(imageFault(text)).not.toBeNull()
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('paths', () => {
  test.each([
    ['/a/b', '/a/b'],
    ['//a/./b/', '/a/b'],
    ['/', '/'],
    ['a', null],
    ['/a/../b', null],
    ['/a:b', null],
    ['/a\0', null],
    ['', null],
  ])('%j is clean as %j', (path, clean) => {
    expect(cleanPath(path)).toBe(clean)
  })

  test('one overlaps another when it is the other, above it, or in it', () => {
    const name = fc.constantFrom('a', 'b', 'ab')
    const path = fc.array(name, { maxLength: 3 }).map((parts) => parts)
    fc.assert(
      fc.property(path, path, (a, b) => {
        const short = Math.min(a.length, b.length)
        const expected = a.slice(0, short).join('/') === b.slice(0, short).join('/')
        expect(overlaps(`/${a.join('/')}`, `/${b.join('/')}`)).toBe(expected)
      }),
    )
  })
})
