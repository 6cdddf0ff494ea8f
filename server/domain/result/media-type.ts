/** The media type of an output, by its extension and its first bytes. */
const byExtension: Record<string, string> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  ndjson: 'application/x-ndjson',
  md: 'text/markdown',
  txt: 'text/plain',
  log: 'text/plain',
  html: 'text/html',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
  parquet: 'application/vnd.apache.parquet',
  yaml: 'application/yaml',
  yml: 'application/yaml',
}

const magic: [number[], string][] = [
  [[0x89, 0x50, 0x4e, 0x47], 'image/png'],
  [[0xff, 0xd8, 0xff], 'image/jpeg'],
  [[0x47, 0x49, 0x46, 0x38], 'image/gif'],
  [[0x25, 0x50, 0x44, 0x46], 'application/pdf'],
  [[0x50, 0x41, 0x52, 0x31], 'application/vnd.apache.parquet'],
]

const isText = (bytes: Uint8Array) =>
  bytes.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d)

/** What begins like a picture is one, whatever it is called; what is called one and is not is just bytes. */
export function mediaType(path: string, head: Uint8Array): string {
  const seen = magic.find(([bytes]) => bytes.every((byte, i) => head[i] === byte))?.[1]
  if (seen !== undefined) return seen
  if (
    String.fromCharCode(...head.subarray(0, 4)) === 'RIFF' &&
    String.fromCharCode(...head.subarray(8, 12)) === 'WEBP'
  )
    return 'image/webp'
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  const named = byExtension[extension]
  if (named === undefined) return isText(head) ? 'text/plain' : 'application/octet-stream'
  const needsMagic = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'application/pdf'].includes(named)
  return needsMagic ? 'application/octet-stream' : named
}
