import { expect, test } from 'vitest'
import { LiveSource, type Stream } from './live-source.ts'

type Heard = (event: { data: string }) => void

class PaperStream implements Stream {
  readyState = 0
  readonly address: string
  readonly #listeners: [string, Heard][] = []
  constructor(address: string) {
    this.address = decodeURIComponent(address.split('topics=')[1] ?? '')
  }
  addEventListener(type: string, heard: Heard): void {
    this.#listeners.push([type, heard])
  }
  close(): void {
    this.readyState = 2
  }
  /** Nothing comes of a stream that was closed. */
  say(type: 'message' | 'open' | 'error', data = ''): void {
    if (this.readyState === 2) return
    if (type === 'open') this.readyState = 1
    for (const [of, heard] of this.#listeners) if (of === type) heard({ data })
  }
}

function source() {
  const streams: PaperStream[] = []
  const told: string[] = []
  const live = new LiveSource(
    (topic) => told.push(topic),
    (address) => {
      const stream = new PaperStream(address)
      streams.push(stream)
      return stream
    },
  )
  const open = () => streams.filter(({ readyState }) => readyState === 1).map(({ address }) => address)
  return { live, streams, told, open }
}

test('what was not heard until a stream is open is looked at, and nothing else', () => {
  const { live, streams, told, open } = source()
  live.want('a', ['run:1'])
  streams[0]?.say('open')
  live.want('a', ['run:1', 'log:1'])
  streams[0]?.say('message', 'run:1')
  streams[1]?.say('open')
  expect(told).toEqual(['run:1', 'run:1', 'log:1'])
  expect(open()).toEqual(['log:1,run:1'])
})

test('a topic of a stream that never came to be open is looked at when another one is', () => {
  const { live, streams, told, open } = source()
  live.want('a', ['run:1'])
  streams[0]?.say('open')
  live.want('a', ['run:1', 'log:1'])
  live.want('a', ['dag:1', 'log:1', 'run:1'])
  streams[1]?.say('open')
  expect(told).toEqual(['run:1'])
  streams[2]?.say('open')
  expect(told).toEqual(['run:1', 'dag:1', 'log:1'])
  expect(open()).toEqual(['dag:1,log:1,run:1'])
})

test('a line that was down is opened again by the browser: then everything is looked at', () => {
  const { live, streams, told } = source()
  live.want('a', ['run:1'])
  streams[0]?.say('open')
  streams[0]?.say('error')
  streams[0]?.say('open')
  expect(told).toEqual(['run:1', '*'])
})

test('where nothing is wanted no stream is open', () => {
  const { live, streams, open } = source()
  live.want('a', ['run:1'])
  streams[0]?.say('open')
  live.want('a', ['run:1', 'log:1'])
  live.want('a', [])
  expect(open()).toEqual([])
  expect(streams.map(({ readyState }) => readyState)).toEqual([2, 2])
})
