/** The watch loop with one guard taken out: the trials of R5 must catch each, or they would catch nothing. */
import type { Cut } from '#workers/simulation/mutate.ts'

const folder = 'workers/executors/kubernetes'
const [loop, view, calls, lines] = ['watch-loop', 'pod-view', 'calls', 'json-lines'].map(
  (name) => `${folder}/${name}.ts`,
) as [string, string, string, string]

export const watchMutants: { name: string; cuts: Cut[] }[] = [
  {
    name: '410 is taken for any other failure',
    cuts: [{ file: loop, find: "return isGone(error) ? 'relist' : 'rewatch'", put: "return 'rewatch'" }],
  },
  {
    name: 'nobody notices that a stream is silent',
    cuts: [
      {
        file: calls,
        find: 'const silence = bounded(this.timing, silentMs, late, begin.signal)',
        put: 'const silence = bounded(this.timing, 2 ** 40, late, begin.signal)',
      },
    ],
  },
  {
    name: 'an answer may take for ever',
    cuts: [
      {
        file: calls,
        find: 'return bounded(this.timing, withinMs, late, signal)',
        put: 'return bounded(this.timing, 2 ** 40, late, signal)',
      },
      {
        file: loop,
        find: 'bounded(this.#timing, listWithinMs, late, this.#stopped.signal)',
        put: 'bounded(this.#timing, 2 ** 40, late, this.#stopped.signal)',
      },
    ],
  },
  {
    name: 'there is one list, and no other',
    cuts: [
      {
        file: loop,
        find: 'const due = began + relistMs * (0.9 + this.#timing.random() / 10)',
        put: 'const due = began + relistMs * 2 ** 20',
      },
    ],
  },
  {
    name: 'a broken watch is begun again at once',
    cuts: [
      { file: loop, find: 'watchGapMs: 1000,', put: 'watchGapMs: 0,' },
      { file: loop, find: 'failing: { first: 500, most: 5000 },', put: 'failing: { first: 1, most: 1 },' },
    ],
  },
  {
    name: 'the last word counts, however old',
    cuts: [{ file: view, find: 'if (last === version || isBefore(version, last)) return null', put: '' }],
  },
  {
    name: 'nobody waits as long as the server asks',
    cuts: [
      { file: calls, find: 'await this.#pause.over(patience, signal)', put: '' },
      { file: loop, find: '(error.retryAfterMs ?? 0)', put: '0' },
    ],
  },
  {
    name: 'a list is taken for whole after its first page',
    cuts: [{ file: loop, find: 'if (page.next === null) return', put: 'return' }],
  },
  {
    name: 'each chunk is read as a text of its own',
    cuts: [
      {
        file: lines,
        find: 'for await (const chunk of bytes) {',
        put: 'for await (const raw of bytes) {\n    const chunk = Buffer.from(new TextDecoder().decode(raw))',
      },
    ],
  },
]
