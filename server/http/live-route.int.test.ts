import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { GET as live } from '#app/api/live/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { openWeb } from '../testing/web.ts'
import { startHosted, type Hosted } from '../testing/hosted.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
  openWeb(hosted.ctx)
})
afterAll(() => hosted.close())

test('who goes while it is asked whether they are still signed in does no harm', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const headers = { authorization: `Bearer ${hosted.token}` }
    const response = await live(new Request('http://dagbok.test/api/live?topics=dag:*', { headers }))
    const reader = response.body?.getReader()
    await reader?.read()
    await database().transaction(async (tx) => {
      await tx.execute('lock table api_token in access exclusive mode')
      vi.advanceTimersByTime(20_000)
      // The question is with the database: whoever asked goes.
      const asked = () =>
        database()
          .client`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      while ((await asked()).length === 0);
      await reader?.cancel()
    })
    // The question takes two statements; by the end of these it has its answer.
    for (let i = 0; i < 20; i++) await database().client`select count(*) from api_token`
    expect(unhandled).not.toHaveBeenCalled()
  } finally {
    vi.useRealTimers()
    process.off('unhandledRejection', unhandled)
  }
})
