/**
 * P3: one task, `width` tasks after it, one after them: each starts `/bin/true`. The peer is `make -j4`, which keeps
 * neither logs nor exit codes nor state; the floor is `/bin/true` spawned from Node, four at a time.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inTurn } from './harness/in-turn.ts'
import { startProduct } from './harness/product.ts'
import { fan, pushFiles, runOnce } from './harness/runs.ts'
import { compare, median, round, type Row } from './harness/statistics.ts'
import { missingMake } from './harness/make.ts'
import { bareSpawns, bareTrue } from './harness/spawns.ts'

const slots = 4

async function makeFan(folder: string, width: number): Promise<number> {
  const middle = Array.from({ length: width }, (_, i) => `t${i}`)
  const rules = [
    `last: ${middle.join(' ')}\n\t@/bin/true\n`,
    ...middle.map((name) => `${name}: first\n\t@/bin/true\n`),
  ]
  await writeFile(
    join(folder, 'Makefile'),
    `.PHONY: first last ${middle.join(' ')}\n${rules.join('')}first:\n\t@/bin/true\n`,
  )
  const start = performance.now()
  await promisify(execFile)('make', ['-s', `-j${slots}`, 'last'], { cwd: folder })
  return performance.now() - start
}

/** @returns rows of the table. @throws when a run fails, or a task ran never or twice */
export async function fanOut(options: { rounds: number; width: number }): Promise<Row[]> {
  const { rounds, width } = options
  const noMake = await missingMake()
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-p3-'))
  const product = await startProduct({ seed: false })
  try {
    await pushFiles(product, 'fan', { 'fan.dag.yaml': fan('fan', width, 'command: ["true"]') })
    const [make, floor] = [`make -j${slots}`, 'floor: bare spawns']
    const sides = [
      { name: `ours, 1 → ${width} → 1`, once: () => runOnce(product, 'fan', 'fan', width + 2) },
      ...(noMake === null ? [{ name: make, once: () => makeFan(folder, width) }] : []),
      { name: floor, once: () => bareSpawns(bareTrue, width + 2, slots) },
    ]
    const values = await inTurn(sides, rounds, 'fan:')
    const rows: Row[] = [...values].map(([figure, all]) => ({
      figure,
      'p50 ms': round(median(all)),
      'tasks/s': round(((width + 2) / median(all)) * 1000),
      ...compare(all, { make: values.get(make), floor: values.get(floor) }),
    }))
    return noMake === null ? rows : [...rows, { figure: noMake }]
  } finally {
    await product.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
