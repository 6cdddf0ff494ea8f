import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonLines } from './json-lines.ts'

async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let from = 0, n = 0; from < bytes.length; n++) {
    const to = from + (sizes[n % sizes.length] ?? bytes.length)
    yield bytes.subarray(from, to)
    from = to
  }
}

async function all(
  bytes: Uint8Array,
  sizes: readonly number[],
): Promise<{ values: unknown[]; error: string | null }> {
  const values: unknown[] = []
  try {
    for await (const value of jsonLines(pieces(bytes, sizes))) values.push(value)
    return { values, error: null }
  } catch (error) {
    return { values, error: (error as Error).message }
  }
}

test('[R5] however bytes are cut, also within a character, the lines are the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.jsonValue().filter((one) => !Object.is(one, -0)),
        { maxLength: 6 },
      ),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      async (values, sizes) => {
        const text = [{ text: 'Größe 漢字 🦉' }, ...values].map((one) => `${JSON.stringify(one)}\n`).join('')
        const back = JSON.parse(JSON.stringify([{ text: 'Größe 漢字 🦉' }, ...values])) as unknown[]
        expect(await all(Buffer.from(text), sizes)).toEqual({ values: back, error: null })
      },
    ),
  )
})

test.each([
  ['{"a":1}\n{"b":', 'half a line'],
  ['{"a":1}\n{"b":}\n', 'no JSON'],
  ['{"a":1}\n<html>\n', 'no JSON'],
  ['{"a":1}\n{"b": "\xff"}\n', 'no JSON'],
])('[R5] of %j what is whole is told, and then that it broke', async (text, error) => {
  const outcome = await all(Buffer.from(text, 'latin1'), [3])
  expect(outcome).toEqual({ values: [{ a: 1 }], error: expect.stringContaining(error) as string })
})

test('[R5] a line that never ends is given up', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(2 ** 20, 'x')
  }
  await expect(jsonLines(endless()).next()).rejects.toThrow('a line of more than 16777216 bytes')
})
