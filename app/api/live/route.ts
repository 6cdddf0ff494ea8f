import { actorNow, respondTo } from '#server/http/respond.ts'
import { webContext } from '#server/web-context.ts'

export const dynamic = 'force-dynamic'

/** ms between two signs of life; whoever is signed out since the last one is let go [S9]. */
const pingMs = 20_000

/**
 * `?topics=run:ID,dag:*`: an event for each change of what the listener may read (S1). Topics are names; what changed is
 * read by a procedure.
 */
export const GET = (request: Request) =>
  respondTo(request, (_services, actor) => {
    const watched = (new URL(request.url).searchParams.get('topics') ?? '').split(',')
    const matches = (topic: string) =>
      topic === '*' ||
      watched.some((one) => one === topic || (one.endsWith(':*') && topic.startsWith(one.slice(0, -1))))
    // Read now: a request is not to be asked once it has been answered.
    const headers = new Headers(request.headers)
    const encoder = new TextEncoder()
    const { live } = webContext()
    let { teams } = actor
    const mayHear = async (topic: string) => {
      const team = topic === '*' ? null : await live.teamOf(topic)
      return topic === '*' || teams.some(({ id }) => id === team)
    }
    let over = false
    let end = () => {}
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        // Whoever listened may be gone by the time an answer of the database is there.
        const send = (text: string) => over || controller.enqueue(encoder.encode(text))
        send('retry: 1000\n\n')
        const tell = async (topic: string) => {
          // Where nobody can say whose it is, no name is told: who listens looks at everything again.
          const heard = await mayHear(topic).then(
            (may) => (may ? topic : null),
            () => '*',
          )
          if (heard !== null) send(`data: ${heard}\n\n`)
        }
        const unwatch = live.watch((topic) => matches(topic) && void tell(topic))
        const look = async () => {
          // A database that does not answer is no reason to be let in, nor to stay.
          const now = await actorNow(headers).catch(() => null)
          if (now !== null) {
            teams = now.teams
            return send(': still here\n\n')
          }
          if (over) return undefined
          end()
          return controller.close()
        }
        const ping = setInterval(() => void look(), pingMs)
        end = () => {
          over = true
          unwatch()
          clearInterval(ping)
        }
      },
      cancel: () => end(),
    })
    return Promise.resolve(
      new Response(stream, {
        headers: {
          'content-type': 'text/event-stream',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        },
      }),
    )
  })
