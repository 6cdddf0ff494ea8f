/** What the agent in a pod may do: all of it about its own attempt, with a token that is good for as long as that lives. */
import { pipeline } from 'node:stream/promises'
import type { Database } from '#db/client.ts'
import { addToHandle, liveAttempt, type LiveAttempt } from '#db/queries/pod.ts'
import { heartbeat } from '#db/queries/attempt.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import { resultsWithout } from '../end-without.ts'
import type { AttemptSink } from '../executor.ts'
import type { AttemptCounter } from '../pool/attempt-counter.ts'
import { bodyOf, sendJson, type Call } from '../pool/call.ts'
import { attemptHeader, isUuid, nobody } from '../pool/protocol.ts'
import { isSecretOf, podHandleOf, type PodHandle } from './pod-handle.ts'
import { podResults, podStart } from './pod-protocol.ts'

interface Options {
  db: Database
  artifacts: ArtifactStore
  secrets: Pick<SecretsOfAttempts, 'matcherOf'>
  sink: AttemptSink
  /** For files and blobs. */
  counter: Pick<AttemptCounter, 'bring'>
  /** ms of the lease of an attempt that is a pod. */
  leaseMs: number
  /** Told of each attempt whose handle says more than before. */
  changed: (attemptId: string) => void
}

type Known = LiveAttempt & { pod: PodHandle }

const shut = new DagbokError('unauthenticated', 'This token is not good, or its attempt is over.')

export class PodCounter {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** @throws DagbokError `unauthenticated` for a token that is not that of the attempt, or whose attempt is over */
  async answer(call: Call, bearer: string): Promise<void> {
    const known = await this.#known(call, bearer)
    const [, what = '', name = ''] = call.path.split('/')
    if (what === 'job') return this.#job(call, known)
    if (what === 'start') return this.#start(call, known)
    if (what === 'over') return sendJson(call.response, { over: known.pod.endSeenAt !== undefined })
    if (what === 'results') return this.#results(call, known)
    return this.#options.counter.bring(call, known, what, name)
  }

  async #known(call: Call, bearer: string): Promise<Known> {
    const id = String(call.request.headers[attemptHeader] ?? '')
    const found = await liveAttempt(this.#options.db, isUuid(id) ? id : nobody)
    const pod = podHandleOf(found?.handle ?? null)
    // With its ending its token ends, too.
    if (found === null || pod === null || pod.ending !== undefined || !isSecretOf(bearer, pod)) throw shut
    return { ...found, pod }
  }

  async #job({ response }: Call, { pod }: Known): Promise<void> {
    const source = await this.#options.artifacts.read(pod.job)
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    await pipeline(source, response)
  }

  /** The start gate. The same pod passes again, for its answer may be lost; any other does not. */
  async #start(call: Call, known: Known): Promise<void> {
    const { db, sink, leaseMs } = this.#options
    const { uid } = await bodyOf(call, podStart)
    const { token, pod } = known
    const passed =
      (pod.uid ?? uid) === uid &&
      ((await sink.passGate(token, { ...known.handle, uid })) || (await this.#isPast(known.id, uid)))
    const ok = passed && (await heartbeat(db, [token], leaseMs)).get(token) === 'go_on'
    sendJson(call.response, { ok })
  }

  async #isPast(attemptId: string, uid: string): Promise<boolean> {
    const now = await liveAttempt(this.#options.db, attemptId)
    return now?.state === 'running' && podHandleOf(now.handle)?.uid === uid
  }

  /** What it left is noted; it is published with the attempt's end, which its exit code decides. */
  async #results(call: Call, known: Known): Promise<void> {
    const { db, artifacts, secrets, changed } = this.#options
    const given = await bodyOf({ ...call, longest: longestResults }, podResults)
    for (const { hash, size, name } of given.outputs)
      if ((await artifacts.stat(hash)).size !== size)
        throw new DagbokError('bad_input', `The output ${name} has another size in the store.`)
    const matcher = await secrets.matcherOf(known.runId, known.pod.secrets)
    const { problem } = given
    const told = {
      ...resultsWithout(given, matcher),
      problem: problem === null ? null : matcher.without(problem),
    }
    const { hash } = await artifacts.put(Buffer.from(JSON.stringify(told)))
    // Said twice, since an answer was lost, it is the same blob.
    const ok = await addToHandle(db, known.token, { results: hash })
    changed(known.id)
    sendJson(call.response, { ok })
  }
}

/** Bytes. */
const longestResults = 64 * 2 ** 20
