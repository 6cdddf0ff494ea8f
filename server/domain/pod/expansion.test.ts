import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expand } from '#workers/executors/process/command.ts'
import { expandable, literal } from './expansion.ts'

/**
 * What Kubernetes does to a text, by its documentation of `$(NAME)` and as its code is known to behave: byte by byte, `$$` is `$`
 * wherever it stands, a name is anything up to the next `)`, and what is no variable stays. A `$` before anything else takes
 * the byte after it as a character of its own, which spoils what is not ASCII.
 */
function byKubernetes(text: string, env: Record<string, string>): string {
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  const add = (text: string) => out.push(Buffer.from(text))
  for (let at = 0; at < bytes.length; at++) {
    const next = bytes[at + 1]
    if (bytes[at] !== 0x24 || next === undefined) {
      out.push(bytes.subarray(at, at + 1))
      continue
    }
    const end = next === 0x28 ? bytes.indexOf(')', at + 2) : -1
    if (end >= 0) {
      const name = bytes.subarray(at + 2, end).toString()
      add(Object.hasOwn(env, name) ? (env[name] ?? '') : `$(${name})`)
      at = end
    } else {
      add(next === 0x24 ? '$' : `$${String.fromCharCode(next)}`)
      at++
    }
  }
  return Buffer.concat(out).toString()
}

const piece = fc.constantFrom(
  '$',
  '$$',
  '$(',
  '(',
  ')',
  '$(A)',
  '$$(A)',
  '$(B_1)',
  '$(none)',
  '$(a b)',
  '$()',
  'A',
  ' ',
  'é',
  '€',
  '😀',
  '"',
)
const text = fc.oneof(
  fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme' }),
)
const env = { A: 'one', B_1: '$(A) $$ $', DAGBOK_OUT: '/dagbok/out' }
const runs = { numRuns: 5000 }

describe('[N1] `$(NAME)` means the same as under every executor', () => {
  test('Kubernetes makes of an argument what the other executors make', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(byKubernetes(expandable(one), env)).toBe(expand(one, env))
      }),
      runs,
    )
  })

  test('and leaves a literal as it is: the value of a variable is never expanded', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(byKubernetes(literal(one), env)).toBe(one)
      }),
      runs,
    )
  })

  test('without that the two differ: in what a shell would see of `$$`, and beyond ASCII', () => {
    expect(byKubernetes('echo $$', env)).not.toBe(expand('echo $$', env))
    expect(byKubernetes('cost: $é', env)).not.toBe(expand('cost: $é', env))
  })

  test.each([
    ['$(DAGBOK_OUT)/x', '$(DAGBOK_OUT)/x'],
    ['$$(DAGBOK_OUT)', '$$(DAGBOK_OUT)'],
    ['$$$(A)', '$$$$(A)'],
    ['$HOME $$', '$$HOME $$$$'],
    ['$(echo hi)', '$$(echo hi)'],
  ])('%s is given as %s', (ours, theirs) => {
    expect(expandable(ours)).toBe(theirs)
  })
})
