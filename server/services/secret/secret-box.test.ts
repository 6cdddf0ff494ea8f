import { expect, test } from 'vitest'
import { SecretBox } from './secret-box.ts'

const box = new SecretBox('a key which has thirty-two letters')
const place = { teamId: 'team', name: 'TOKEN' }

test('[S6] what is sealed is opened with the same key, at the same place, and holds nothing of the value', () => {
  const value = 'canary-Ä-\n-'.repeat(50)
  const sealed = box.seal(place, value)
  expect(new SecretBox('a key which has thirty-two letters').open(place, sealed)).toBe(value)
  expect(sealed).not.toContain('canary')
  expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('canary')
  expect(box.seal(place, value)).not.toBe(sealed)
})

test('another key, another place and damage are told, with what to do', () => {
  const sealed = box.seal(place, 'canary-secret')
  const other = new SecretBox('another key, as long as the first one')
  expect(() => other.open(place, sealed)).toThrow(
    'The secret TOKEN cannot be read: it was kept with another key than this deployment has (DAGBOK_SECRETS_KEY). Set it anew.',
  )
  for (const at of [
    { ...place, name: 'OTHER' },
    { ...place, teamId: 'others' },
  ])
    expect(() => box.open(at, sealed)).toThrow('it is damaged')
  for (const text of ['', 'v1', 'v2.x.y', `${sealed.slice(0, -2)}AA`, sealed.slice(0, 20)])
    expect(() => box.open(place, text)).toThrow('Set it anew')
})
