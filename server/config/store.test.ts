import { expect, test } from 'vitest'
import { parseBucketAddress } from './store.ts'

const plain = {
  bucket: 'bucket',
  prefix: '',
  region: null,
  endpoint: null,
  publicEndpoint: null,
  pathStyle: false,
}
const endpoint = 'http://10.0.0.7:9000'
const outside = 'https://files.example.org'
const other = { ...plain, region: 'us-east-1', endpoint, pathStyle: true }

test.each([
  ['s3://bucket', plain],
  ['s3://bucket/', plain],
  ['s3://bucket/a/b/', { ...plain, prefix: 'a/b/' }],
  // An address may climb, but not out of itself.
  ['s3://bucket/a/../../b', { ...plain, prefix: 'b/' }],
  [
    's3://my.bucket-1/a?region=eu-north-1',
    { ...plain, bucket: 'my.bucket-1', prefix: 'a/', region: 'eu-north-1' },
  ],
  [`s3://bucket?endpoint=${endpoint}`, other],
  [`s3://bucket?endpoint=${endpoint}&public=${outside}`, { ...other, publicEndpoint: outside }],
  [`s3://bucket?endpoint=${encodeURIComponent(endpoint)}&path-style=0`, { ...other, pathStyle: false }],
])('%s is read', (text, address) => expect(parseBucketAddress(text)).toEqual(address))

test.each([
  ['/data/artifacts', /is no address of a bucket: write s3:\/\//],
  ['https://bucket.s3.amazonaws.com/', /is no address of a bucket/],
  ['s3://', /is no address of a bucket|names no bucket/],
  ['s3://Bucket', /names no bucket/],
  ['s3://bu', /names no bucket/],
  ['s3://bucket:9000', /names no bucket/],
  ['s3://bucket/a//b', /has a prefix/],
  ['s3://bucket/a%20b', /has a prefix/],
  ['s3://bucket?zone=b', /has a setting that is not known/],
  ['s3://bucket?endpoint=minio', /has an endpoint that is no web address/],
  ['s3://bucket?endpoint=ftp://minio', /has an endpoint that is no web address/],
  ['s3://bucket?endpoint=http://minio/path', /has an endpoint with a path/],
  ['s3://bucket?public=files', /has an endpoint that is no web address/],
  ['s3://bucket?path-style=yes', /has a path-style that is not 0 or 1/],
])('%s is refused, with what to write instead', (text, why) => expect(parseBucketAddress(text)).toMatch(why))

test.each(['s3://CANARY:CANARY@bucket', 's3://bucket?endpoint=https://CANARY:CANARY@minio'])(
  '[S6] a key that is written into %s is refused, and not repeated',
  (text) => {
    const read = parseBucketAddress(text)
    expect(read).toMatch(/has a key in/)
    expect(read).not.toContain('CANARY')
  },
)
