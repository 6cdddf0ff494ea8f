import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formsOf } from './forms.ts'
import { masked, SecretMatcher } from './secret-matcher.ts'
import { secretNameFault, secretValue, secretValueFault, shortestSecret } from './secret.ts'

const secret = fc
  .string({ unit: 'grapheme', minLength: shortestSecret, maxLength: 120 })
  .filter((text) => !/[\r\n•]/.test(text) && text.trim() === text && text.isWellFormed())
const around = fc.uint8Array({ maxLength: 7 })
const without = (values: readonly string[], text: string) => new SecretMatcher(values).without(text)

test('[S6] a secret in base64 is found whatever stands before and behind it', () => {
  fc.assert(
    fc.property(secret, around, around, (value, before, after) => {
      const bytes = Buffer.concat([before, Buffer.from(value), after])
      for (const encoding of ['base64', 'base64url'] as const) {
        const text = bytes.toString(encoding)
        const left = without([value], text)
        expect(left).toContain(masked)
        // What is left of it is less than a character at each end.
        expect(left.replace(masked, '').length).toBeLessThan(text.length - (value.length * 4) / 3 + 8)
      }
    }),
  )
})

/** Of each byte that a program does not take for plain. */
const percent = (value: string, plain: RegExp, space = '%20') =>
  Array.from(Buffer.from(value), (byte) => {
    const one = String.fromCharCode(byte)
    if (one === ' ') return space
    return byte < 128 && plain.test(one) ? one : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
/** Of each code unit. */
const units = (value: string, which: RegExp) =>
  Array.from({ length: value.length }, (_, i) => {
    const one = value.charAt(i)
    const code = value.charCodeAt(i)
    if (one === '"' || one === '\\') return `\\${one}`
    return which.test(one) || code < 32 ? `\\u${code.toString(16).padStart(4, '0')}` : one
  }).join('')
const printable = secret.filter((text) => !/\p{Cc}/u.test(text))

test.each([
  ['as it is', (value: string) => `a ${value} b`],
  ['in JSON', (value: string) => JSON.stringify({ value })],
  ['in JSON of ASCII alone, as Python writes it', (value: string) => units(value, /[^\0-\x7f]/)],
  ['in JSON that is safe in HTML, as Go writes it', (value: string) => units(value, /[<>&]/)],
  ['in an address', (value: string) => `?q=${encodeURIComponent(value)}&r`],
  ['in an address, as curl writes it', (value: string) => percent(value, /[A-Za-z0-9._~-]/)],
  ['in an address, as Python quotes it', (value: string) => percent(value, /[A-Za-z0-9._~/-]/)],
  ['in a form', (value: string) => new URLSearchParams({ value }).toString()],
  ['in a form, as Python writes it', (value: string) => percent(value, /[A-Za-z0-9._~-]/, '+')],
  [
    'in base64 that is broken after 76 characters',
    (value: string) => Buffer.from(`${value}\n`).toString('base64').replaceAll(/.{76}/g, '$&\n'),
  ],
])('[S6] a secret %s is found', (_, write) => {
  fc.assert(
    fc.property(printable, (value) => {
      expect(without([value], write(value))).toContain(masked)
    }),
  )
})

test('of a secret of several lines each line is one; what says that it is a key is none', () => {
  const value = '-----BEGIN KEY-----\r\nMIIcanaryLine\r\n-----END KEY-----\r\n'
  const text = without([value], `x${value}y MIIcanaryLine`)
  expect(text).toBe(`x-----BEGIN KEY-----\r\n${masked}\r\n-----END KEY-----\r\ny ${masked}`)
  expect(without([value], JSON.stringify(value))).not.toContain('canary')
  expect(formsOf(value).some((form) => /[\r\n]/.test(form))).toBe(false)
})

test('the longer of two secrets comes first, and none of a form is left', () => {
  const both = ['canary-one', 'canary-one-and-more']
  expect(without(both, 'canary-one-and-more canary-one')).toBe(`${masked} ${masked}`)
  expect(without([], 'all of it')).toBe('all of it')
})

test('[S6] a part of one is found where a text was cut, at its end, and at its begin where it may have been', () => {
  const value = 'canary-of-forty-characters-or-so-or-more'
  const matcher = new SecretMatcher([value])
  expect(matcher.without(`exec: "${value.slice(0, 25)}`)).toBe(`exec: "${masked}`)
  expect(matcher.without(`${value.slice(20)}: not found`, true)).toBe(`${masked}: not found`)
  expect(matcher.without('or-more: not found', true)).toBe('or-more: not found')
  expect(matcher.without('it ends in can')).toBe('it ends in can')
})

test('[S6] where nobody can say what the secrets are, nothing is told', () => {
  expect(new SecretMatcher(null).without('anything')).toBe(masked)
})

test.each([
  ['lower', /write A to Z/],
  ['9A', /write A to Z/],
  ['A-B', /write A to Z/],
  ['', /write A to Z/],
  ['DAGBOK_TOKEN', /Dagbok’s own/],
  ['PATH', /the machine that runs a task sets it/],
] as const)('the name %j: %s', (name, fault) => {
  expect(secretNameFault(name)).toMatch(fault)
})

test('a name is that of a variable', () => {
  expect(['PUBLISH_TOKEN', '_X9', 'A'].map(secretNameFault)).toEqual([null, null, null])
})

test.each([
  ['1234567', /no line of 8 characters/],
  ['hunter2\n', /no line of 8 characters/],
  ['ab12\ncd34\nef56', /no line of 8 characters/],
  ['abc        ', /no line of 8 characters/],
  ['å'.repeat(16_385), /more than 32768 bytes/],
  ['1234\u00005678', /NUL/],
])('the value %j is refused', (value, fault) => {
  expect(secretValueFault(secretValue(value))).toMatch(fault)
})

test('a value has a line that can be found, and no line end behind it', () => {
  expect(['12345678', 'å'.repeat(16_384), '{\n"key": "canary"\n}'].map(secretValueFault)).toEqual([
    null,
    null,
    null,
  ])
  expect(['canary-1\n', 'canary-1\r\n', 'canary\n1\n'].map(secretValue)).toEqual([
    'canary-1',
    'canary-1',
    'canary\n1',
  ])
})
