/** A bucket, and how it is asked: every call has a bound, is tried again while that may help, and fails with a sentence. */
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { setTimeout as pause } from 'node:timers/promises'
import type { BucketAddress, BucketKeys } from '../../../config/store.ts'
import { DagbokError } from '../../../domain/errors/errors.ts'
import { faultOf, S3Fault, whyOf } from './faults.ts'

/** Connections to the store; whoever wants one more waits, within the bound of his call. */
const mostConnections = 64
/** ms that a connection may take to open. */
const connectMs = 5000
/** ms before a call is made again: doubled each time, drawn at random from 0. */
const firstPause = 100
const longestPause = 5000

export interface Patience {
  /** ms after which a request without an end is given up, and made again. */
  tryMs: number
  /** ms after which a call is. */
  callMs: number
  /** Bytes in a ms with which a network counts as slow, and not as hanging: who brings bytes has more time. */
  slowest: number
}

export interface BucketOptions {
  address: BucketAddress
  /** Null: what the SDK finds by its usual chain. */
  keys: BucketKeys | null
  patience: Patience
  /** What tests make otherwise. */
  client?: S3ClientConfig
}

/** What a request is given. */
export interface Bound {
  /** Ends it. */
  abortSignal: AbortSignal
  /** Says that something arrived: it has its time from now on again. */
  alive: () => void
}

type Request<T> = (client: S3Client, bound: Bound) => Promise<T>

/** What it is told as, everywhere. */
const named = ({ bucket, prefix }: BucketAddress): string => `s3://${bucket}/${prefix}`.replace(/\/$/, '')

function clientOf({ address, keys, client = {} }: BucketOptions): S3Client {
  const agent = { keepAlive: true, maxSockets: mostConnections }
  return new S3Client({
    ...(address.region === null ? {} : { region: address.region }),
    ...(address.endpoint === null ? {} : { endpoint: address.endpoint }),
    forcePathStyle: address.pathStyle,
    ...(keys === null ? {} : { credentials: keys }),
    // Who asks again is decided here, and once.
    maxAttempts: 1,
    // Stores that are not Amazon's do not all know it, and then each upload waits for its sign.
    expectContinueHeader: false,
    // All that is stored has its SHA-256 with it; other checksums not every store knows.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectMs, httpAgent: agent, httpsAgent: agent },
    ...client,
  })
}

/** ms that a request has to give what came of it, once it was ended: keys that are looked for do not heed the signal. */
const lastMs = 500

/** @throws S3Fault: also when nothing is heard of it for `ms` */
async function bounded<T>(request: Request<T>, client: S3Client, ms: number): Promise<T> {
  const late = new AbortController()
  const given = Promise.withResolvers<never>()
  let last: NodeJS.Timeout | undefined
  const timer = setTimeout(() => {
    late.abort()
    last = setTimeout(() => given.reject(new Error('it does not end')), lastMs)
  }, ms)
  try {
    const asked = request(client, { abortSignal: late.signal, alive: () => timer.refresh() })
    return await Promise.race([asked, given.promise])
  } catch (error) {
    throw faultOf(error, late.signal.aborted ? ms : null)
  } finally {
    clearTimeout(timer)
    clearTimeout(last)
  }
}

export class Bucket {
  /** For what needs no answer: addresses that are signed. */
  readonly client: S3Client
  readonly address: BucketAddress
  /** As it is named to people. */
  readonly name: string
  readonly #options: BucketOptions

  constructor(options: BucketOptions, client: S3Client = clientOf(options)) {
    this.client = client
    this.address = options.address
    this.name = named(options.address)
    this.#options = options
  }

  /** The same with less patience. @param most ms after which a call is given up */
  within(most: number): Bucket {
    const { patience } = this.#options
    const callMs = Math.min(patience.callMs, most)
    return new Bucket({ ...this.#options, patience: { ...patience, callMs } }, this.client)
  }

  /** Of every command. */
  get where(): { Bucket: string } {
    return { Bucket: this.address.bucket }
  }

  /** A key below the prefix. */
  key(path: string): string {
    return this.address.prefix + path
  }

  /**
   * @param bytes that it brings, or has moved: it has more time for them
   * @throws S3Fault
   */
  async ask<T>(request: Request<T>, bytes = 0): Promise<T> {
    const { callMs, tryMs, slowest } = this.#options.patience
    const more = bytes / slowest
    const end = performance.now() + callMs + more
    let first: S3Fault | null = null
    for (let tries = 0; ; tries++) {
      const bound = Math.max(1, Math.ceil(Math.min(tryMs + more, end - performance.now())))
      try {
        return await bounded(request, this.client, bound)
      } catch (error) {
        // A last try that was cut short says less than the one before.
        const fault: unknown = bound < tryMs && first !== null ? first : error
        const left = end - performance.now()
        if (!(fault instanceof S3Fault) || !fault.passing || left < firstPause) throw fault
        first ??= fault
        await pause(Math.min(left / 2, Math.random() * Math.min(longestPause, firstPause * 2 ** tries)))
      }
    }
  }

  /** What users are told of a fault; another error stays what it is. */
  told(error: unknown): unknown {
    if (!(error instanceof S3Fault)) return error
    return new DagbokError('unavailable', `The artifact store ${this.name} ${whyOf(error)}.`, {
      cause: error,
    })
  }

  close(): void {
    this.client.destroy()
  }
}

/** What is given instead when the thing is not there. @throws what else is thrown */
export async function unlessMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work
  } catch (error) {
    if (error instanceof S3Fault && error.missing) return otherwise
    throw error
  }
}
