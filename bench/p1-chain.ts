/**
 * P1 and P2: a chain of tasks, each of which computes fib(10). Ours starts a process for each, from a warm interpreter
 * or anew; DBOS and Restate call a function of a process that is there, and `make` starts a process without keeping
 * anything. P1 is one chain at a time, beside `make`; P2 three steps, also many at once.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startStepPeers, type StepPeer } from './harness/durable-peers.ts'
import { inTurn, type Side } from './harness/in-turn.ts'
import { missingMake } from './harness/make.ts'
import { withPostgres } from './harness/postgres-floor.ts'
import { startProduct, type Product } from './harness/product.ts'
import { bareNode, bareSpawns, bareTrue } from './harness/spawns.ts'
import { chain, pushFiles, runOnce, spanOf, startRun, untilOver } from './harness/runs.ts'
import { compare, median, round, spread, type Row } from './harness/statistics.ts'

const cells = {
  'warm JavaScript':
    "script: {lang: javascript, text: 'const fib = (n) => n < 2 ? n : fib(n - 1) + fib(n - 2); if (fib(10) !== 55) process.exit(1)'}",
  'warm Python':
    'script: {lang: python, text: "fib = lambda n: n if n < 2 else fib(n - 1) + fib(n - 2)\\nassert fib(10) == 55"}',
  'a process': 'command: ["true"]',
}

/** ms of `make` for a chain of the program `true`. */
async function makeChain(folder: string, length: number): Promise<number> {
  const rules = Array.from(
    { length },
    (_, i) => `t${i}:${i === 0 ? '' : ` t${i - 1}`}\n\t@/bin/true\n.PHONY: t${i}\n`,
  ).toReversed()
  await writeFile(join(folder, 'Makefile'), rules.join(''))
  const start = performance.now()
  await promisify(execFile)('make', ['-s', `t${length - 1}`], { cwd: folder })
  return performance.now() - start
}

/** Values of these peers, by their names without versions. */
const peersOf = (values: Map<string, number[]>, peers: readonly string[]) =>
  Object.fromEntries(peers.map((peer) => [peer.split(' ')[0] ?? peer, values.get(peer)]))

const rowsOf = (values: Map<string, number[]>, length: number, peers: readonly string[]): Row[] =>
  [...values].map(([figure, all]) => ({
    figure,
    ...spread(all),
    'ms a task': round(median(all) / length),
    ...compare(all, peersOf(values, peers)),
  }))

/** Those of the languages that this machine has; what is not there is left out by name. */
async function ourSides(product: Product, length: number): Promise<{ sides: Side[]; missing: string[] }> {
  const python = await promisify(execFile)('python3', ['-V']).then(
    () => true,
    () => false,
  )
  const names = (Object.keys(cells) as (keyof typeof cells)[]).filter(
    (name) => python || name !== 'warm Python',
  )
  const repository = `chain-${length}`
  const files = Object.fromEntries(
    names.map((name, i) => [`c${i}.dag.yaml`, chain(`c${i}`, length, cells[name])]),
  )
  await pushFiles(product, repository, files)
  const sides = names.map((name, i) => ({
    name: `ours, ${name}`,
    once: () => runOnce(product, repository, `c${i}`, length),
  }))
  return { sides, missing: python ? [] : ['ours, warm Python: there is no python3'] }
}

const peerSides = (peers: StepPeer[], length: number): Side[] =>
  peers.map((peer) => ({ name: peer.name, once: () => peer.chain(length) }))

async function withEverybody<T>(
  work: (product: Product, peers: StepPeer[], missing: string[]) => Promise<T>,
): Promise<T> {
  return withPostgres(async (server) => {
    const { peers, missing } = await startStepPeers(server)
    const product = await startProduct({ seed: false })
    try {
      return await work(product, peers, missing)
    } finally {
      await product.stop()
      for (const peer of peers) await peer.stop()
    }
  })
}

const named = (missing: string[]): Row[] => missing.map((figure) => ({ figure }))

/** @returns rows for chains of these lengths. @throws when a run fails, or a task ran never or twice */
export async function chains(options: { rounds: number; lengths: number[] }): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-p1-'))
  const noMake = await missingMake()
  try {
    return await withEverybody(async (product, peers, missing) => {
      const rows: Row[] = []
      for (const length of options.lengths) {
        const ours = await ourSides(product, length)
        const make = { name: 'make', once: () => makeChain(folder, length) }
        const sides = [...ours.sides, ...peerSides(peers, length), ...(noMake === null ? [make] : [])]
        const values = await inTurn(sides, options.rounds, `chain of ${length}:`)
        const compared = [...peers.map((peer) => peer.name), 'make']
        rows.push(
          ...rowsOf(values, length, compared).map((row) => ({ length, ...row })),
          ...named(ours.missing),
        )
      }
      return [...rows, ...named(noMake === null ? missing : [...missing, noMake])]
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Chains beside the processes alone that they start, one after the other. It needs nobody else.
 * @returns rows of the table. @throws as `chains`
 */
export async function chainsBesideSpawns(options: { rounds: number; length: number }): Promise<Row[]> {
  const { rounds, length } = options
  const product = await startProduct({ seed: false })
  try {
    const floors = { 'warm JavaScript': bareNode, 'a process': bareTrue }
    const { sides } = await ourSides(product, length)
    const rows: Row[] = []
    for (const [name, argv] of Object.entries(floors)) {
      const ours = sides.filter((side) => side.name === `ours, ${name}`)
      const floor = { name: 'floor', once: () => bareSpawns(argv, length, 1) }
      const values = await inTurn([...ours, floor], rounds, `chain of ${length}, ${name}:`)
      const all = values.get(`ours, ${name}`) ?? []
      rows.push({ figure: name, ...spread(all), ...compare(all, { floor: values.get('floor') }) })
    }
    return rows
  } finally {
    await product.stop()
  }
}

/** ms until `count` chains that begin together are over, by the clock of each side. */
async function oursAtOnce(product: Product, count: number): Promise<number> {
  const ids = await Promise.all(Array.from({ length: count }, () => startRun(product, 'chain-3', 'c0')))
  await untilOver(product, 'chain-3', 'c0', ids)
  return spanOf(product, ids, 3)
}

async function peerAtOnce(peer: StepPeer, count: number): Promise<number> {
  const start = performance.now()
  await Promise.all(Array.from({ length: count }, () => peer.chain(3)))
  return performance.now() - start
}

interface Steps {
  samples: number
  atOnce: number
  /** How often they are started together. */
  bursts: number
}

/** @returns rows for three steps: one at a time, and `atOnce` together. @throws as `chains` */
export async function threeSteps({ samples, atOnce, bursts }: Steps): Promise<Row[]> {
  return withEverybody(async (product, peers, missing) => {
    const { sides } = await ourSides(product, 3)
    const [warm] = sides
    if (warm === undefined) throw new Error('no side of ours')
    const compared = peers.map((peer) => peer.name)
    const alone = await inTurn([warm, ...peerSides(peers, 3)], samples, 'three steps:')
    const together = await inTurn(
      [
        { name: warm.name, once: () => oursAtOnce(product, atOnce) },
        ...peers.map((peer) => ({ name: peer.name, once: () => peerAtOnce(peer, atOnce) })),
      ],
      bursts,
      `three steps, ${atOnce} at once:`,
    )
    const rates = [...together].map(([name, all]) => ({
      figure: `${name}, ${atOnce} at once`,
      ...spread(all),
      'runs/s': round((atOnce / median(all)) * 1000),
      ...compare(all, peersOf(together, compared)),
    }))
    return [...rowsOf(alone, 3, compared), ...rates, ...named(missing)]
  })
}
