/** Where the artifact store is, as an operator writes it: `s3://BUCKET/PREFIX?region=NAME`. */
import type { Settings } from './schema.ts'

export interface BucketAddress {
  bucket: string
  /** Before every key: empty, or with a slash at its end. */
  prefix: string
  /** Null: what the environment says by the usual chain. */
  region: string | null
  /** Address of a store that is not Amazon's; null: Amazon's. */
  endpoint: string | null
  /** The same as browsers reach it; null: they cannot, or it is the endpoint itself where that is Amazon's. */
  publicEndpoint: string | null
  /** Whether the bucket stands in the path of an address, and not in its host. */
  pathStyle: boolean
}

const form = 's3://BUCKET/PREFIX?region=NAME, and for a store that is not Amazon’s also endpoint=https://HOST'

/** The text is not repeated: somebody may have written a key into it. */
const wrong = (why: string) => `${why}: write ${form}`

const known = new Set(['region', 'endpoint', 'public', 'path-style'])

function endpointFault(text: string): string | null {
  if (!URL.canParse(text)) return 'has an endpoint that is no web address'
  const { protocol, username, password, pathname, search } = new URL(text)
  if (!['http:', 'https:'].includes(protocol)) return 'has an endpoint that is no web address'
  if (username !== '' || password !== '')
    return 'has a key in its endpoint, which belongs into AWS_ACCESS_KEY_ID'
  return pathname === '/' && search === '' ? null : 'has an endpoint with a path'
}

/** @returns the address, or what is wrong with it, as the end of a sentence */
export function parseBucketAddress(text: string): BucketAddress | string {
  if (!text.startsWith('s3://') || !URL.canParse(text)) return wrong('is no address of a bucket')
  const { hostname, port, username, password, pathname, searchParams, hash } = new URL(text)
  if (username !== '' || password !== '')
    return wrong('has a key in it, which belongs into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY_FILE')
  if (port !== '' || hash !== '' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(hostname))
    return wrong('names no bucket, which has 3 to 63 of a to z, 0 to 9, . and -')
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, '')
  if (!/^[A-Za-z0-9!_.*'()/-]*$/.test(prefix) || /(^|\/)\.{0,2}(\/|$)/.test(prefix === '' ? 'a' : prefix))
    return wrong('has a prefix that is no path of letters, digits and !_.*’()-')
  const unknown = [...searchParams.keys()].find((name) => !known.has(name))
  if (unknown !== undefined) return wrong('has a setting that is not known behind its ?')
  const endpoint = searchParams.get('endpoint')
  const publicEndpoint = searchParams.get('public')
  for (const address of [endpoint, publicEndpoint]) {
    const fault = address === null ? null : endpointFault(address)
    if (fault !== null) return wrong(fault)
  }
  const style = searchParams.get('path-style') ?? (endpoint === null ? '0' : '1')
  if (!['0', '1'].includes(style)) return wrong('has a path-style that is not 0 or 1')
  return {
    bucket: hostname,
    prefix: prefix === '' ? '' : `${prefix}/`,
    // Stores that are not Amazon's have no regions, but their requests are signed for one.
    region: searchParams.get('region') ?? (endpoint === null ? null : 'us-east-1'),
    endpoint,
    publicEndpoint,
    pathStyle: style === '1',
  }
}

/** A key of S3. */
export interface BucketKeys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Null: what the machine gives by the usual chain of AWS. */
export function bucketKeys(settings: Settings): BucketKeys | null {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = settings
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) return null
  const key = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
  return AWS_SESSION_TOKEN === undefined ? key : { ...key, sessionToken: AWS_SESSION_TOKEN }
}

/** Where a process has its store. */
export type StorePlace =
  { kind: 'folder'; folder: string } | { kind: 's3'; address: BucketAddress; keys: BucketKeys | null }

/** That of a deployment: the bucket that is set, else a folder of its data folder. */
export const storePlace = (settings: Settings, folder: string): StorePlace =>
  settings.DAGBOK_STORE === undefined
    ? { kind: 'folder', folder }
    : { kind: 's3', address: settings.DAGBOK_STORE, keys: bucketKeys(settings) }
