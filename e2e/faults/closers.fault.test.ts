import { expect, test } from 'vitest'
import { Closers } from './closers.ts'

test('the newest is closed first, each once, and one that throws keeps none from it', async () => {
  const closers = new Closers()
  const closed: string[] = []
  closers.add(() => closed.push('first'))
  closers.add(() => Promise.reject(new Error('it is stuck')))
  closers.add(() => closed.push('last'))
  await expect(closers.close()).rejects.toThrow('it is stuck')
  expect(closed).toEqual(['last', 'first'])
  await closers.close()
  expect(closed).toEqual(['last', 'first'])
})
