import { expect, test } from 'vitest'
import { allowsHost, allowsOrigin } from './address.ts'

const own = 'http://127.0.0.1:7310'

test.each([
  ['127.0.0.1:7310', true],
  ['localhost:7310', true],
  ['[::1]:7310', true],
  ['localhost:7311', false],
  ['rebound.example.org:7310', false],
  ['127.0.0.1.example.org:7310', false],
  [undefined, false],
  ['a b', false],
])('[S11] Host %s at a loopback server is served: %s', (host, served) =>
  expect(allowsHost(own, host)).toBe(served),
)

test('[S11] a public server answers to its own name only', () => {
  expect(allowsHost('https://dagbok.example.org', 'dagbok.example.org')).toBe(true)
  expect(allowsHost('https://dagbok.example.org', 'localhost')).toBe(false)
})

test.each([
  ['POST', 'http://127.0.0.1:7310', true],
  ['POST', undefined, true],
  ['POST', 'https://127.0.0.1:7310', false],
  ['POST', 'http://evil.example.org', false],
  ['POST', 'null', false],
  ['GET', 'http://evil.example.org', true],
])('[S9] %s from %s is let in: %s', (method, origin, allowed) =>
  expect(allowsOrigin(own, method, origin)).toBe(allowed),
)
