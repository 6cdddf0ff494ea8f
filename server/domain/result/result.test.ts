import { expect, test } from 'vitest'
import { mediaType } from './media-type.ts'
import { parseMetrics } from './metrics.ts'
import { parseValues } from './values.ts'

test('values keep their types in JSON, and get their declared one from key=value', () => {
  const declared = {
    n: { type: 'integer' as const },
    f: { type: 'number' as const },
    b: { type: 'boolean' as const },
    j: { type: 'json' as const },
  }
  const text = 'plain=a=b\nn=7\nf=1.50\nb=true\nj=[1, {"x": null}]\n{"m": 2, "s": "t"}\nplain=later\n\n'
  expect(Object.fromEntries(parseValues(text, declared).map((one) => [one.name, one.value]))).toEqual({
    plain: 'later',
    n: 7,
    f: 1.5,
    b: true,
    j: [1, { x: null }],
    m: 2,
    s: 't',
  })
  expect(parseValues('n=1\nx=1\n', declared).map((one) => one.declared)).toEqual([true, false])
})

test('a figure with an exponent is a double, and stays what it is', () => {
  expect(parseValues('{"flops": 1.2e+18, "big": 1e30}', {}).map(({ value }) => value)).toEqual([1.2e18, 1e30])
})

test.each([
  ['n=seven', 'declared integer'],
  ['n=1.5', 'declared integer'],
  ['{"a": ', 'not JSON'],
  ['{"id": [9007199254740993]}', 'in line 1 of DAGBOK_VALUES 9007199254740993 is a whole number beyond 2^53'],
  [
    'j={"id": -9007199254740993}',
    "in the value 'j' in line 1 of DAGBOK_VALUES -9007199254740993 is a whole number beyond 2^53",
  ],
  ['n=9007199254740993', 'declared integer'],
  ['just words', 'neither key=value nor JSON'],
  ['Big=1', 'line 1 of DAGBOK_VALUES names a value wrongly'],
  [`x=${'y'.repeat(70_000)}`, 'more than 65536'],
])('%s is refused', (text, message) =>
  expect(() => parseValues(text.slice(0, 80_000), { n: { type: 'integer' }, j: { type: 'json' } })).toThrow(
    message,
  ),
)

test('metrics are {name: value} or {name, value, step}', () => {
  expect(
    parseMetrics('{"loss": 0.5, "acc": 1}\n{"name": "loss", "value": 0.25, "step": 3}\n', {
      loss: { better: 'lower', tolerance: null },
    }),
  ).toEqual([
    { name: 'loss', value: 0.5, step: null, declared: true },
    { name: 'acc', value: 1, step: null, declared: false },
    { name: 'loss', value: 0.25, step: 3, declared: true },
  ])
})

test.each([
  ['{"a": "1"}', 'is not a number'],
  ['7', 'not an object'],
  ['{', 'not JSON'],
  ['{"A b": 1}', 'names a metric wrongly'],
])('%s is no metric', (text, message) => expect(() => parseMetrics(text, {})).toThrow(message))

test.each([
  ['a.png', [0x89, 0x50, 0x4e, 0x47], 'image/png'],
  ['a.bin', [0x89, 0x50, 0x4e, 0x47], 'image/png'],
  ['a.png', [0x3c, 0x68], 'application/octet-stream'],
  ['a.csv', [0x61], 'text/csv'],
  ['noext', [0x61, 0x0a], 'text/plain'],
  ['noext', [0x00], 'application/octet-stream'],
])('%s with %j is %s', (path, head, type) => expect(mediaType(path, Uint8Array.from(head))).toBe(type))
