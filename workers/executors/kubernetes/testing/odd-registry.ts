/**
 * A registry that refuses images in the ways that registries do, each in a repository of its own; and one that gives those of another
 * registry below `locked/`, for a password.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as overHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { manifestType } from '#k8s/test-cluster/image.ts'
import { askWithoutTls } from '#k8s/test-cluster/node.ts'
import { clusterState } from '#k8s/test-cluster/state.ts'

export interface OddRegistry {
  /** `HOST:PORT`. */
  address: string
  /** For what is below `locked/`. */
  login: { username: string; password: string }
  close: () => Promise<void>
}

const login = { username: 'reader', password: 'open sesame' }
const basic = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`

const index = {
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [
    {
      mediaType: manifestType,
      digest: `sha256:${'0'.repeat(64)}`,
      size: 400,
      platform: { architecture: 's390x', os: 'linux' },
    },
  ],
}
const indexText = JSON.stringify(index)
const indexHeaders = {
  'content-type': index.mediaType,
  'content-length': Buffer.byteLength(indexText),
  'docker-content-digest': `sha256:${createHash('sha256').update(indexText).digest('hex')}`,
}

interface Asked {
  request: IncomingMessage
  response: ServerResponse
  /** `HOST:PORT` of this registry. */
  address: string
}

/** As registries tell of what is wrong. */
function refuse({ response }: Asked, status: number, code: string, message: string): void {
  response.setHeader('content-type', 'application/json')
  response.writeHead(status).end(JSON.stringify({ errors: [{ code, message }] }))
}

/** Where a token is to be had for a repository. */
const bearer = ({ address }: Asked, repository: string, more = '') =>
  `Bearer realm="http://${address}/token",service="odd",scope="repository:${repository}:pull"${more}`

function challenge(asked: Asked, words: string): void {
  asked.response.setHeader('www-authenticate', words)
  refuse(asked, 401, 'UNAUTHORIZED', 'authentication required')
}

/** What each repository answers. */
const repositories: Readonly<Record<string, (asked: Asked) => void>> = {
  /** Anybody has a token, and it is not enough. */
  guarded: (asked) => {
    const isKnown = asked.request.headers.authorization !== undefined
    challenge(asked, bearer(asked, 'guarded', isKnown ? ',error="insufficient_scope"' : ''))
  },
  shut: (asked) => refuse(asked, 403, 'DENIED', 'requested access to the resource is denied'),
  /** Who does not say who he is has no token. */
  unknown: (asked) => challenge(asked, bearer(asked, 'unknown')),
  known: (asked) => challenge(asked, 'Basic realm="odd"'),
  /** A name may be asked for its digest, and nothing more. */
  busy: (asked) => {
    if (asked.request.method === 'HEAD') return give(asked)
    refuse(asked, 429, 'TOOMANYREQUESTS', 'You have reached your unauthenticated pull rate limit.')
  },
  foreign: (asked) => give(asked),
}

function give({ request, response }: Asked): void {
  response.writeHead(200, indexHeaders)
  response.end(request.method === 'HEAD' ? '' : indexText)
}

/** As the other registry answers. */
function passOn({ request, response }: Asked, registry: string, path: string): void {
  const { method, headers } = request
  const { host: _, authorization: __, ...given } = headers
  const [hostname, port] = registry.split(':')
  const asked = overHttp({ hostname, port, method, path, headers: given }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  asked.on('error', () => response.destroy())
  asked.end()
}

function answer(asked: Asked, registry: string): void {
  const { pathname, searchParams } = new URL(asked.request.url ?? '', 'http://odd')
  if (pathname === '/token') {
    if (searchParams.get('scope')?.includes(':unknown:') === true)
      return refuse(asked, 401, 'UNAUTHORIZED', 'authentication required')
    asked.response.setHeader('content-type', 'application/json')
    asked.response.end(JSON.stringify({ token: 'of anybody' }))
    return
  }
  const [, repository = '', rest = ''] = /^\/v2\/([a-z-]+)\/(.+)$/.exec(pathname) ?? []
  const refusing = repositories[repository]
  if (refusing !== undefined) return refusing(asked)
  if (repository !== 'locked') return refuse(asked, 404, 'NAME_UNKNOWN', 'repository name not known')
  if (asked.request.headers.authorization !== basic) return challenge(asked, 'Basic realm="odd"')
  passOn(asked, registry, `/v2/${rest}`)
}

/**
 * Nodes of the cluster that is up ask it without TLS.
 * @param machine an address of this machine that they reach
 * @param registry `HOST:PORT` of the other one
 */
export async function openOddRegistry(machine: string, registry: string): Promise<OddRegistry> {
  const server = createServer((request, response) => {
    answer({ request, response, address }, registry)
  })
  server.listen(0, machine)
  await once(server, 'listening')
  const address = `${machine}:${(server.address() as AddressInfo).port}`
  const { nodes = 0 } = (await clusterState()) ?? {}
  for (let n = 1; n <= nodes; n++) await askWithoutTls(n, address)
  const close = async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { address, login, close }
}
