/** A real S3 server on a loopback port, with one bucket in a folder: it can be killed, and started again on what it has. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { childEnvironment } from '../config/environment.ts'
import { parseBucketAddress, type BucketAddress, type BucketKeys } from '../config/store.ts'
import { s3Program } from './s3-program.ts'

const bucket = 'dagbok-test'
/** ms that it may take to answer after it was started. */
const readyMs = 60_000

/**
 * Runs the server ($0, with its arguments) for as long as somebody holds the other end of stdin: whoever started it may be
 * ended in any way, and it goes with him.
 */
const keeper = '"$0" "$@" & server=$!; read -r _; kill -9 "$server"; wait "$server" 2>/dev/null'

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export class S3Server {
  /** What it keeps. */
  readonly folder: string
  readonly keys: BucketKeys = { accessKeyId: 'dagbok-test', secretAccessKey: randomUUID() }
  readonly port: number
  readonly #program: string
  #child: ChildProcess | null = null
  #said = ''

  private constructor(program: string, folder: string, port: number) {
    this.#program = program
    this.folder = folder
    this.port = port
  }

  /** @throws Error where there is none: ask `whyNoS3` before */
  static async open(): Promise<S3Server> {
    const program = await s3Program()
    if ('reason' in program) throw new Error(program.reason)
    const folder = await mkdtemp(join(tmpdir(), 'dagbok-s3-'))
    // The server takes each folder for a bucket.
    for (const name of ['buckets', 'meta', `buckets/${bucket}`]) await mkdir(join(folder, name))
    const server = new S3Server(program.path, folder, await freePort())
    await server.start()
    return server
  }

  /** Where it listens. @param port of a proxy before it */
  url(port = this.port): string {
    return `http://127.0.0.1:${port}`
  }

  /** As an operator writes it. */
  text(prefix: string, port = this.port): string {
    return `s3://${bucket}/${prefix}?endpoint=${encodeURIComponent(this.url(port))}`
  }

  address(prefix: string, port = this.port): BucketAddress {
    const address = parseBucketAddress(this.text(prefix, port))
    if (typeof address === 'string') throw new Error(address)
    return address
  }

  /** What a process needs to use it. */
  env(prefix: string, port = this.port): Record<string, string> {
    return {
      DAGBOK_STORE: this.text(prefix, port),
      AWS_ACCESS_KEY_ID: this.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.keys.secretAccessKey,
    }
  }

  /** The file that an object lies in. */
  file(key: string): string {
    return join(this.folder, 'buckets', bucket, key)
  }

  /** Files of objects, as paths below the prefix; parts of uploads are not among them. */
  async objects(prefix: string): Promise<string[]> {
    const names = await readdir(this.file(prefix), { recursive: true, withFileTypes: true }).catch(() => [])
    const root = this.file(prefix)
    return names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name).slice(root.length))
  }

  async start(): Promise<void> {
    const argv = ['--port', `127.0.0.1:${this.port}`, '--keep-alive', '--quiet', '--health', '/health']
    const data = ['posix', '--sidecar', join(this.folder, 'meta'), join(this.folder, 'buckets')]
    const { accessKeyId, secretAccessKey } = this.keys
    const child = spawn('sh', ['-c', keeper, this.#program, ...argv, ...data], {
      env: childEnvironment({ ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey }),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.on('error', () => {})
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-5000)))
    this.#child = child
    for (const end = Date.now() + readyMs; ; await pause(20)) {
      const well = await fetch(`${this.url()}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (well) return
      if (Date.now() > end) throw new Error(`the S3 server does not answer: ${this.#said}`)
    }
  }

  /** kill -9: what it was doing is not done. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null) return
    const gone = once(child, 'exit')
    child.stdin?.end()
    await gone
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  async close(): Promise<void> {
    await this.kill()
    await rm(this.folder, { recursive: true, force: true })
  }
}
