import { respondTo } from '#server/http/respond.ts'
import { webContext } from '#server/web-context.ts'

export const dynamic = 'force-dynamic'

const pingMs = 20_000

/** `?topics=run:ID,dag:*`: an event for each change. Topics are names; what changed is read by a procedure. */
export const GET = (request: Request) =>
  respondTo(request, () => {
    const watched = (new URL(request.url).searchParams.get('topics') ?? '').split(',')
    const matches = (topic: string) =>
      topic === '*' ||
      watched.some((one) => one === topic || (one.endsWith(':*') && topic.startsWith(one.slice(0, -1))))
    const encoder = new TextEncoder()
    let end = () => {}
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (text: string) => controller.enqueue(encoder.encode(text))
        send('retry: 1000\n\n')
        const unwatch = webContext().live.watch((topic) => matches(topic) && send(`data: ${topic}\n\n`))
        const ping = setInterval(() => send(': still here\n\n'), pingMs)
        end = () => {
          unwatch()
          clearInterval(ping)
        }
      },
      // Called when the reader goes away, which is the only end there is.
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
