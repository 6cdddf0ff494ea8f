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
/** Bytes in a ms with which a network counts as slow, and not as hanging: a call that moves bytes may take longer. */
const slowest = 100
/** ms before a call is made again: doubled each time, drawn at random from 0. */
const firstPause = 100
const longestPause = 5000

export interface Patience {
  /** ms after which a request without an end is given up, and made again. */
  tryMs: number
  /** ms after which a call is. */
  callMs: number
}

export interface BucketOptions {
  address: BucketAddress
  /** Null: what the SDK finds by its usual chain. */
  keys: BucketKeys | null
  patience: Patience
  /** What tests make otherwise. */
  client?: S3ClientConfig
}

/** One request; the signal ends it. */
type Request<T> = (client: S3Client, signal: { abortSignal: AbortSignal }) => Promise<T>

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

export class Bucket {
  /** For what needs no answer: addresses that are signed. */
  readonly client: S3Client
  readonly address: BucketAddress
  /** As it is named to people. */
  readonly name: string
  readonly #patience: Patience

  constructor(options: BucketOptions) {
    this.client = clientOf(options)
    this.address = options.address
    this.name = named(options.address)
    this.#patience = options.patience
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
   * @param bytes that it moves: it has more time for them
   * @param callMs after which it is not tried again, over the bucket's own
   * @throws S3Fault
   */
  async ask<T>(request: Request<T>, bytes = 0, callMs = this.#patience.callMs): Promise<T> {
    const more = bytes / slowest
    const end = performance.now() + callMs + more
    for (let tries = 0; ; tries++) {
      const bound = Math.max(1, Math.ceil(Math.min(this.#patience.tryMs + more, end - performance.now())))
      const abortSignal = AbortSignal.timeout(bound)
      try {
        return await request(this.client, { abortSignal })
      } catch (error) {
        const fault = faultOf(error, abortSignal.aborted ? bound : null)
        const wait = Math.random() * Math.min(longestPause, firstPause * 2 ** tries)
        if (!fault.passing || performance.now() + wait >= end) throw fault
        await pause(wait)
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
