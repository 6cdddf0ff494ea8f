import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formsOf } from '../../domain/secret/forms.ts'
import { SecretMatcher } from '../../domain/secret/secret-matcher.ts'
import { LogMask } from './log-mask.ts'

const escaped = (text: string) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')

const maskOf = (values: readonly string[] | null) => new LogMask(new SecretMatcher(values))

/** The same by a regular expression over the whole: from the left, the longest first; at its end also ten characters of one. */
function oracle(values: readonly string[], text: string): string {
  const forms = values.flatMap(formsOf)
  const begun = forms.flatMap((form) =>
    Array.from({ length: Math.max(0, form.length - 10) }, (_, i) => form.slice(0, 10 + i)),
  )
  const all = [...forms.map(escaped), ...begun.map((one) => `${escaped(one)}$`)]
  const longest = all.toSorted((a, b) => b.length - a.length)
  return forms.length === 0 ? text : text.replaceAll(new RegExp(longest.join('|'), 'g'), '•••')
}

function inPieces(values: readonly string[], text: string, sizes: readonly number[]): string {
  const mask = maskOf(values)
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  let at = 0
  for (const size of sizes) {
    parts.push(Buffer.from(mask.take(bytes.subarray(at, at + size))))
    at += size
  }
  parts.push(mask.take(bytes.subarray(Math.min(at, bytes.length))), mask.rest())
  return Buffer.concat(parts).toString()
}

// Few letters, so that begins and ends of secrets meet, overlap, and are begun in vain.
const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 8, maxLength: 14 })
const values = fc.array(letters, { minLength: 1, maxLength: 3 })

test('[S6] however a log comes in pieces, it is what it would be at once', () => {
  fc.assert(
    fc.property(
      values.chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.array(fc.oneof(fc.constantFrom(...all), fc.string({ unit: fc.constantFrom('a', 'b', '\n') })), {
            maxLength: 12,
          }),
        ),
      ),
      fc.array(fc.integer({ min: 0, max: 20 })),
      ([all, parts], sizes) => {
        const text = parts.join('')
        expect(inPieces(all, text, sizes)).toBe(oracle(all, text))
      },
    ),
    { numRuns: 2000 },
  )
})

test('what is no begin of a secret is not held back, and nothing beyond the end of a line', () => {
  fc.assert(
    fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b') }), (value, text) => {
      expect(
        maskOf([value])
          .take(Buffer.from(`${text}\n`))
          .toString(),
      ).toBe(oracle([value], `${text}\n`))
    }),
  )
  const mask = maskOf(['canary-secret'])
  expect(mask.take(Buffer.from('all of it')).toString()).toBe('all of it')
  expect(mask.take(Buffer.from(' but can')).toString()).toBe(' but ')
  expect(mask.take(Buffer.from('dy')).toString()).toBe('candy')
})

test('[R8] without secrets the bytes pass as they are', () => {
  const bytes = Buffer.from([0, 255, 10, 13, 195])
  const mask = maskOf([])
  expect(mask.take(bytes)).toBe(bytes)
  expect(mask.rest()).toHaveLength(0)
})

test('bytes that are no text stay as they are around a secret', () => {
  const mask = maskOf(['canary-secret'])
  const odd = Buffer.from([0, 255, 254, 195])
  const out = mask.take(Buffer.concat([odd, Buffer.from('canary-secret'), odd]))
  expect(out).toEqual(Buffer.concat([odd, Buffer.from('•••'), odd]))
})

test('[S6] a log that ends in the middle of a secret does not end with what was there of it', () => {
  const mask = maskOf(['canary-secret'])
  expect(mask.take(Buffer.from('it is canary-secr')).toString()).toBe('it is ')
  expect(mask.rest().toString()).toBe('•••')
})

test('[S6] where nobody can say what the secrets are, the log says so once and nothing else', () => {
  const mask = maskOf(null)
  const said = ['one\n', '', 'two canary\n'].map((text) => mask.take(Buffer.from(text)).toString())
  expect(said).toEqual([expect.stringMatching(/^\[the log is left out: .*\]\n$/), '', ''])
  expect(mask.rest()).toHaveLength(0)
})

test('15 secrets as long as they may be hold a log of 10 MB up by no more than they would a minute', () => {
  const line = (n: number) =>
    Array.from({ length: 60 }, (_, i) => String.fromCharCode(97 + ((i * 7 + n) % 26))).join('')
  const values = Array.from({ length: 15 }, (_, n) =>
    Array.from({ length: 500 }, (__, i) => `${n}-${i}-${line(i + n)}`).join('\n'),
  )
  const mask = maskOf(values)
  const log = Buffer.from(`${line(3)} 7-3-nothing of it\n`.repeat(130_000))
  expect(mask.take(log)).toHaveLength(log.length)
}, 60_000)
