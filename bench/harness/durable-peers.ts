/** Peers that run steps of code durably, in processes that are warm: DBOS on a Postgres of its own, and Restate's server. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EmbeddedPostgres } from '#db/embedded/postgres.ts'
import { freePort } from './free-port.ts'
import { installPeer } from './peer.ts'

export interface StepPeer {
  name: string
  /** Runs `steps` durable steps one after the other, each of which calls `step`. @returns ms from the call to the answer */
  chain: (steps: number) => Promise<number>
  stop: () => Promise<void>
}

/** What every step of every side does. */
const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2))
const expected = 55

const timed = async (work: () => Promise<number>, steps: number): Promise<number> => {
  const start = performance.now()
  const sum = await work()
  if (sum !== steps * expected) throw new Error(`a peer's chain of ${steps} gave ${sum}`)
  return performance.now() - start
}

const dbosVersion = '5.3.0'

interface Dbos {
  DBOS: {
    setConfig: (config: Record<string, unknown>) => void
    registerWorkflow: (
      work: (steps: number) => Promise<number>,
      options: { name: string },
    ) => (steps: number) => Promise<number>
    runStep: (step: () => Promise<number>, options: { name: string }) => Promise<number>
    launch: () => Promise<void>
    shutdown: () => Promise<void>
  }
}

/** @throws when it cannot be installed */
async function startDbos(server: EmbeddedPostgres): Promise<StepPeer> {
  const { DBOS } = (await import(
    await installPeer('@dbos-inc/dbos-sdk', dbosVersion, 'dist/src/index.js')
  )) as Dbos
  const systemDatabaseUrl = server.url('postgres')
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl, runAdminServer: false, logLevel: 'error' })
  const work = DBOS.registerWorkflow(
    async (steps) => {
      let sum = 0
      for (let i = 0; i < steps; i++)
        sum += await DBOS.runStep(() => Promise.resolve(fib(10)), { name: `s${i}` })
      return sum
    },
    { name: 'chain' },
  )
  await DBOS.launch()
  return {
    name: `DBOS ${dbosVersion}`,
    chain: (steps) => timed(() => work(steps), steps),
    stop: () => DBOS.shutdown(),
  }
}

const restateVersion = '1.7.12'
const restateSdkVersion = '1.17.2'

interface RestateSdk {
  service: (definition: unknown) => unknown
  serve: (options: { services: unknown[]; port: number }) => Promise<number>
}

interface RestateContext {
  run: (name: string, step: () => number) => Promise<number>
}

async function startRestateServer(): Promise<{ ingress: string; admin: string; stop: () => Promise<void> }> {
  const launcher = await installPeer('@restatedev/restate-server', restateVersion, 'package.json')
  const modules = join(dirname(fileURLToPath(launcher)), '..')
  const binary = join(modules, `restate-server-${process.platform}-${process.arch}`, 'bin/restate-server')
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-restate-'))
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()]
  const child = spawn(binary, ['--base-dir', folder, '--no-logo'], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: {
      NODE_ENV: 'production',
      PATH: process.env['PATH'],
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_LOG_FILTER: 'error',
      DO_NOT_TRACK: '1',
    },
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let why = ''
  child.once('error', (error) => (why = error.message))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const health = `http://127.0.0.1:${admin}/health`
  for (let tries = 0; !(await fetch(health).catch(() => null))?.ok; tries++) {
    if (child.exitCode !== null || why !== '' || tries > 600) {
      await stop()
      throw new Error(`restate-server did not start: ${why}`)
    }
    await new Promise((done) => setTimeout(done, 50))
  }
  return { ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}`, stop }
}

/** @throws when it cannot be installed */
async function startRestate(): Promise<StepPeer> {
  process.env['RESTATE_LOGGING'] = 'ERROR'
  const sdk = (await import(
    await installPeer('@restatedev/restate-sdk', restateSdkVersion, 'dist/index.js')
  )) as RestateSdk
  const bench = sdk.service({
    name: 'bench',
    handlers: {
      chain: async (context: RestateContext, steps: number) => {
        let sum = 0
        for (let i = 0; i < steps; i++) sum += await context.run(`s${i}`, () => fib(10))
        return sum
      },
    },
  })
  const port = await sdk.serve({ services: [bench], port: await freePort() })
  const server = await startRestateServer()
  const post = async (url: string, body: unknown) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`Restate answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
  await post(`${server.admin}/deployments`, { uri: `http://127.0.0.1:${port}` })
  return {
    name: `Restate ${restateVersion}`,
    chain: (steps) => timed(async () => Number(await post(`${server.ingress}/bench/chain`, steps)), steps),
    stop: server.stop,
  }
}

/** Those that can be had; the others with the reason. */
export async function startStepPeers(
  server: EmbeddedPostgres,
): Promise<{ peers: StepPeer[]; missing: string[] }> {
  const peers: StepPeer[] = []
  const missing: string[] = []
  for (const [name, start] of [
    ['DBOS', () => startDbos(server)],
    ['Restate', () => startRestate()],
  ] as const)
    await start().then(
      (peer) => peers.push(peer),
      (error: unknown) => missing.push(`${name} left out: ${String(error).split('\n')[0]}`),
    )
  return { peers, missing }
}
