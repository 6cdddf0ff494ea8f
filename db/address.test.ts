import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { addressOf } from './address.ts'

const settingsOf = (url: string) =>
  new URL(addressOf(url, {}).connectionString).searchParams.get('options') ?? ''

test('a session is in UTC, and settings in the address are settings of the session', () => {
  expect(settingsOf('postgres://u:p@h/d')).toBe('-c TimeZone=UTC')
  expect(settingsOf('postgres://u:p@h/d?search_path=a%20b&options=-c%20work_mem=5MB')).toBe(
    String.raw`-c work_mem=5MB -c TimeZone=UTC -c search_path=a\ b`,
  )
})

test('without a user it is the account that the process runs under', () => {
  const { connectionString } = addressOf('postgres://h/d', {})
  expect(new URL(connectionString).username).toBe(userInfo().username)
})

test.each(['prefer', 'allow', 'maybe'])('sslmode=%s is refused with what to write', (mode) => {
  expect(() => addressOf(`postgres://u@h/d?sslmode=${mode}`, {})).toThrow(/write one of disable, require/)
})

test('`ssl` is taken as `sslmode`', () => {
  const { searchParams } = new URL(addressOf('postgres://u@h/d?ssl=require', {}).connectionString)
  expect([searchParams.get('ssl'), searchParams.get('sslmode')]).toEqual([null, 'require'])
})

test.each(['postgres://u:p@h1,h2/d', 'postgres://u:p@localhost/d?host=h1,h2'])(
  '%s names several hosts',
  (url) => {
    expect(() => addressOf(url, {})).toThrow(/several hosts/)
  },
)
