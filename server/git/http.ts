/**
 * Smart HTTP: `git http-backend` as CGI, in bounded memory both ways. Who may is asked first; hooks are answered over
 * two descriptors that only this process holds the other end of.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex, Readable, Writable } from 'node:stream'
import { gitSilenceMs } from '../config/patience.ts'
import { DagbokError, httpStatus } from '../domain/errors/errors.ts'
import type { Actor } from '../services/actor.ts'
import { answerHooks, type HookAnswer, type HookCall } from './hooks/conversation.ts'
import { gitEnvironment } from './run-git.ts'

export interface GitTarget {
  repositoryId: string
  /** Folder of the bare repository. */
  path: string
}

export interface GitHttp {
  /** Who holds this token; null when nobody does. */
  authenticate: (token: string) => Promise<Actor | null>
  /** The repository, made if `write` and not there. @throws DagbokError `not_found`, `forbidden`, `bad_input` */
  open: (actor: Actor, team: string, name: string, write: boolean) => Promise<GitTarget>
  /** Answers a hook of a push by this actor. */
  hook: (actor: Actor, target: GitTarget, call: HookCall) => Promise<HookAnswer>
  /** A push ended without its post-receive: what it left is swept, and what it moved is told. */
  cutOff: (target: GitTarget) => Promise<void>
  /** Told of defects; nobody else sees them. */
  report: (error: unknown) => void
}

interface Route {
  team: string
  repository: string
  rest: string
  service: 'git-upload-pack' | 'git-receive-pack'
}

/** `/git/TEAM/REPO.git/info/refs?service=…` and the two services; the suffix may be left out. */
export function routeOf(method: string, url: URL): Route | null {
  const match =
    /^\/git\/([a-z][a-z0-9_-]{0,62})\/([A-Za-z0-9][A-Za-z0-9._-]{0,99}?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(
      url.pathname,
    )
  if (match === null) return null
  const [, team = '', repository = '', rest = ''] = match
  const service = rest === 'info/refs' ? url.searchParams.get('service') : rest
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return null
  if ((rest === 'info/refs') !== (method === 'GET')) return null
  return { team, repository, rest, service }
}

function tokenOf(request: IncomingMessage): string | null {
  const [scheme, value] = (request.headers.authorization ?? '').split(' ')
  if (scheme?.toLowerCase() === 'bearer') return value ?? null
  if (scheme?.toLowerCase() !== 'basic' || value === undefined) return null
  const text = Buffer.from(value, 'base64').toString()
  return text.slice(text.indexOf(':') + 1)
}

function refuse(response: ServerResponse, code: number, message: string): void {
  if (response.headersSent) return void response.destroy()
  if (code === 401)
    response.setHeader(
      'www-authenticate',
      'Basic realm="Dagbok: any user name, a token as password", charset="UTF-8"',
    )
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${message}\n`)
}

function start(
  request: IncomingMessage,
  url: URL,
  route: Route,
  target: GitTarget,
  actor: Actor,
): ChildProcess {
  const header = (name: string) => String(request.headers[name] ?? '')
  return spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    cwd: target.path,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    env: gitEnvironment({
      GIT_PROJECT_ROOT: target.path,
      PATH_TRANSLATED: `${target.path}/${route.rest}`,
      PATH_INFO: `/${route.rest}`,
      GIT_HTTP_EXPORT_ALL: '1',
      DAGBOK_PUSH: '1',
      REMOTE_USER: actor.userId,
      REMOTE_ADDR: '127.0.0.1',
      REQUEST_METHOD: request.method ?? 'GET',
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: header('content-type'),
      CONTENT_LENGTH: header('content-length'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
    }),
  })
}

/** CGI's header block, then the body, streamed. */
function relay(from: Readable, response: ServerResponse): void {
  let head = Buffer.alloc(0)
  const onChunk = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    from.off('data', onChunk)
    let code = 200
    for (const line of head.subarray(0, end).toString('latin1').split('\r\n')) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).toLowerCase()
      if (name === 'status') code = Number.parseInt(line.slice(colon + 1), 10)
      else response.setHeader(name, line.slice(colon + 1).trim())
    }
    response.writeHead(code)
    response.write(head.subarray(end + 4))
    from.pipe(response)
  }
  from.on('data', onChunk)
}

/**
 * Ends a git from which nothing comes, and to which nothing goes, for as long as `gitSilenceMs`.
 * @param heard what it says, and what is said to it
 */
function boundSilence(child: ChildProcess, heard: readonly Readable[], late: () => void): void {
  const timer = setTimeout(late, gitSilenceMs)
  for (const stream of heard) stream.on('data', () => timer.refresh())
  child.once('close', () => clearTimeout(timer))
}

const cutOff: HookAnswer = { accepted: false, lines: ['error: the push was cut off'] }

/** Whoever pushes gets an answer whatever happens, since git waits for one. */
async function refusalOf({ quarantine }: HookCall, error: unknown, git: GitHttp): Promise<HookAnswer> {
  // Git takes its quarantine away from a push that was killed: that it cannot be read any more is no defect.
  if (quarantine !== null && (await stat(quarantine.objects).catch(() => null)) === null) return cutOff
  if (error instanceof DagbokError && error.code !== 'internal')
    return { accepted: false, lines: [`error: ${error.message}`] }
  git.report(error)
  return { accepted: false, lines: ['error: something went wrong here; it was logged'] }
}

async function serve(request: IncomingMessage, response: ServerResponse, git: GitHttp): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const route = routeOf(request.method ?? 'GET', url)
  if (route === null) return refuse(response, 404, 'There is no such repository.')
  const token = tokenOf(request)
  const actor = token === null ? null : await git.authenticate(token)
  if (actor === null)
    return refuse(
      response,
      401,
      'Sign in with any user name and a token of yours as the password (settings, tokens).',
    )
  const target = await git.open(actor, route.team, route.repository, route.service === 'git-receive-pack')
  // Whoever went while this was asked for is not waited for: git would wait for the rest for ever.
  if (response.destroyed) return undefined
  const child = start(request, url, route, target, actor)
  const end = (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.pid !== undefined && child.exitCode === null) {
      try {
        process.kill(-child.pid, signal)
      } catch {
        // It has just ended by itself.
      }
    }
  }
  response.once('close', () => end('SIGTERM'))
  child.once('error', (error) => {
    git.report(error)
    refuse(response, 500, 'Something went wrong here. It was logged.')
  })
  const [stdin, stdout, stderr, fromHook, toHook] = child.stdio as [
    Writable,
    Readable,
    Readable,
    Duplex,
    Duplex,
  ]
  stdin.on('error', () => {})
  toHook.on('error', () => {})
  fromHook.on('error', () => {})
  request.pipe(stdin)
  relay(stdout, response)
  boundSilence(child, [request, stdout, fromHook], () => {
    const said = `git was silent for ${gitSilenceMs / 1000} s and was ended: its repository's disk may not answer.`
    git.report(new Error(said))
    refuse(response, 503, said)
    end('SIGKILL')
  })
  let complaint = ''
  stderr.on('data', (chunk: Buffer) => (complaint += complaint.length < 10_000 ? chunk.toString() : ''))
  let whole = route.rest !== 'git-receive-pack'
  const answer = async (call: HookCall): Promise<HookAnswer> => {
    const given = await git.hook(actor, target, call).catch((error: unknown) => refusalOf(call, error, git))
    whole = call.hook === 'post-receive' || (!given.accepted && given !== cutOff)
    return given
  }
  answerHooks(fromHook, toHook, answer).catch(git.report)
  child.once('close', (code) => {
    if (!whole || code !== 0) git.cutOff(target).catch(git.report)
    toHook.destroy()
    fromHook.destroy()
    // Whoever asked is gone: what ended for that has not failed.
    if (response.destroyed) return
    if (response.headersSent) response.end()
    else {
      git.report(new Error(`git http-backend ended with ${code}: ${complaint}`))
      refuse(response, 500, 'Something went wrong here. It was logged.')
    }
  })
}

/** Answers a request under `/git/`. Never throws. */
export function handleGit(request: IncomingMessage, response: ServerResponse, git: GitHttp): void {
  serve(request, response, git).catch((error: unknown) => {
    if (error instanceof DagbokError && error.code !== 'internal')
      return refuse(response, httpStatus[error.code], error.message)
    git.report(error)
    refuse(response, 500, 'Something went wrong here. It was logged.')
  })
}
