import { afterEach, expect, test, vi } from 'vitest'
import { freeBytes } from './disks.ts'

afterEach(() => void vi.useRealTimers())

test('a disk that hangs is asked once, until it answers', async () => {
  vi.useFakeTimers()
  const { promise, resolve } = Promise.withResolvers<{ bavail: number; bsize: number }>()
  const ask = vi.fn(() => promise)
  const both = [freeBytes('/hangs', ask), freeBytes('/hangs', ask)]
  await vi.advanceTimersByTimeAsync(2000)
  expect(await Promise.all(both)).toEqual([null, null])
  const third = freeBytes('/hangs', ask)
  expect(ask).toHaveBeenCalledTimes(1)
  resolve({ bavail: 3, bsize: 4096 })
  expect(await third).toBe(12_288)
  await freeBytes('/hangs', ask)
  expect(ask).toHaveBeenCalledTimes(2)
})
