import { respondTo } from '#server/http/respond.ts'
import { webContext } from '#server/web-context.ts'

export const dynamic = 'force-dynamic'

const pingMs = 20_000

/** `?topics=run:ID,log:ID`: an event for each change. Topics are names; what changed is read by a procedure. */
export const GET = (request: Request) =>
  respondTo(request, () => {
    const topics = new Set((new URL(request.url).searchParams.get('topics') ?? '').split(','))
    const encoder = new TextEncoder()
    let close = () => {}
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (text: string) => controller.enqueue(encoder.encode(text))
        send('retry: 1000\n\n')
        const unwatch = webContext().live.watch((topic) => {
          if (topic === '*' || topics.has(topic) || topics.has('*')) send(`data: ${topic}\n\n`)
        })
        const ping = setInterval(() => send(': still here\n\n'), pingMs)
        close = () => {
          unwatch()
          clearInterval(ping)
        }
        request.signal.addEventListener('abort', () => {
          close()
          controller.close()
        })
      },
      cancel: () => close(),
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
