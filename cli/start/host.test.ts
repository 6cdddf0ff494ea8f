import { expect, test } from 'vitest'
import { checkHost } from './host.ts'

test.each([
  ['127.0.0.1', false],
  ['::1', false],
  ['localhost', false],
  ['0.0.0.0', true],
])('it listens at %s where DAGBOK_ALLOW_PROCESS is %s', (host, allowed) => {
  expect(() => checkHost(host, allowed)).not.toThrow()
})

test.each(['0.0.0.0', '192.168.1.4'])('%s is refused with what to set', (host) => {
  expect(() => checkHost(host, false)).toThrow(
    'Set DAGBOK_ALLOW_PROCESS=1 if that is what you want, or DAGBOK_PROCESSES=0 to run no tasks here, or leave --host out.',
  )
})
