import { expect, test } from 'vitest'
import { draftKey, dropDraft, keepDraft, readDraft, type Draft, type DraftStore } from './drafts.ts'

function store(): DraftStore {
  const kept = new Map<string, string>()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, text) => void kept.set(key, text),
    removeItem: (key) => void kept.delete(key),
  }
}
const baseText = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n'
const draft = (text: string): Draft => ({ base: 'a1', baseText, text, at: '2026-01-01T00:00:00Z' })

test('a draft is kept per person, DAG and branch, and is gone when dropped', () => {
  const kept = store()
  const key = draftKey('a@example.org', 'main/r/d', 'main')
  keepDraft(kept, key, draft('typed'))
  expect(readDraft(kept, key)?.text).toBe('typed')
  expect(readDraft(kept, draftKey('b@example.org', 'main/r/d', 'main'))).toBeNull()
  expect(readDraft(kept, draftKey('a@example.org', 'main/r/d', 'next'))).toBeNull()
  dropDraft(kept, key)
  expect(readDraft(kept, key)).toBeNull()
})

test('a text that is as it was committed is no draft', () => {
  const kept = store()
  keepDraft(kept, 'k', draft('typed'))
  keepDraft(kept, 'k', draft(baseText))
  expect(readDraft(kept, 'k')).toBeNull()
})

test('what is stored and is no draft is none; a full store is said so', () => {
  const kept = store()
  for (const text of ['', '{', '3', '{"base":"a"}']) {
    kept.setItem('k', text)
    expect(readDraft(kept, 'k')).toBeNull()
  }
  const full = {
    ...kept,
    setItem: () => {
      throw new Error('full')
    },
  }
  expect(keepDraft(full, 'k', draft('typed'))).toBe(false)
})
