/**
 * `npm run simulate`: seeds and mutants; with `--seed N` one seed again, with its whole history.
 * @see docs/decisions for what it simulates and what it does not
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { simulationOptions, usage, type SimulationOptions } from './arguments.ts'
import { tell } from './history.ts'
import { mutants } from './mutants.ts'
import { hunt, runSeeds, type Broken, type Ran } from './run-seeds.ts'
import { simulate } from './simulate.ts'

/** Seeds in which a mutant must have been caught. */
const mostSeeds = 4000

function optionsOrEnd(): SimulationOptions {
  try {
    const given = simulationOptions(process.argv.slice(2))
    if (given !== null) return given
    console.log(usage)
    return process.exit(0)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    return process.exit(2)
  }
}

const values = optionsOrEnd()

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'an unknown commit'
  }
}

async function replay(seed: number): Promise<number> {
  const { entries, violations } = await simulate(seed)
  console.log(tell(entries).join('\n'))
  for (const { promise, at, text } of violations) console.log(`[${promise}] ${at.toFixed(1)}: ${text}`)
  console.log(`seed ${seed} at ${commit()}: ${violations.length === 0 ? 'every promise is kept' : 'broken'}`)
  return violations.length
}

/** What failed, each with the command that shows it again: the last lines of the output. */
const failures: { file: null; name: string; message: string }[] = []

const keep = (name: string, why: string, command: string) =>
  failures.push({ file: null, name, message: `${why}; again: npm run simulate -- ${command}` })

function tellBroken({ seed, violations }: Broken): void {
  console.log(`✗ seed ${seed} at ${commit()}`)
  for (const { promise, at, text } of violations.slice(0, 3))
    console.log(`    [${promise}] ${at.toFixed(1)}: ${text}`)
  const [first] = violations
  keep(`seed ${seed}`, `breaks ${first?.promise} at ${commit()}`, `--seed ${seed}`)
}

function say({ seeds, starts, faults, events, virtualMs, broken, ms }: Ran): void {
  const hours = (virtualMs / 3_600_000).toFixed(1)
  const perMinute = Math.round((seeds / ms) * 60_000)
  console.log(
    `${broken.length === 0 ? '✓' : '✗'} ${seeds} seeds, ${broken.length} broken, in ${(ms / 1000).toFixed(1)} s (${perMinute} a minute): ${hours} h of virtual time, ${events} events, ${faults} faults, ${starts} starts of code`,
  )
}

/** Whether every promise was kept in so many seeds. */
async function simulateMany(count: number): Promise<boolean> {
  const end = new AbortController()
  const ran = await runSeeds(values.from, count, {
    signal: end.signal,
    broke: (one) => {
      if (end.signal.aborted) return
      tellBroken(one)
      if (values.first) end.abort()
    },
  })
  if (end.signal.aborted) console.log('✗ given up at the first seed that is broken')
  else say(ran)
  return ran.broken.length === 0
}

async function huntAll(): Promise<number> {
  let missed = 0
  const left = mutants.filter(({ name }) => name.includes(values.only))
  const hunter = async () => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const { after, by } = await hunt(mutant, mostSeeds)
      if (after !== null) {
        console.log(`✓ caught after ${after} seed${after === 1 ? '' : 's'} by ${by?.promise}: ${mutant.name}`)
        continue
      }
      missed++
      console.log(`✗ not caught in ${mostSeeds} seeds: ${mutant.name}`)
      keep(mutant.name, 'not caught', `--mutants --only ${JSON.stringify(mutant.name)}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, hunter))
  return missed
}

async function runAll(): Promise<{ passed: number; failed: number }> {
  let [passed, failed] = [0, 0]
  const count = values.seeds ?? (values.mutants ? 0 : 20_000)
  if (count > 0) {
    if (await simulateMany(count)) passed++
    else failed++
  }
  if (values.mutants && !(values.first && failed > 0)) {
    const missed = await huntAll()
    failed += missed
    passed += mutants.filter(({ name }) => name.includes(values.only)).length - missed
  }
  return { passed, failed }
}

if (values.seed !== null) process.exitCode = (await replay(values.seed)) > 0 ? 1 : 0
else {
  const { passed, failed } = await runAll()
  if (values.report !== null)
    writeFileSync(values.report, JSON.stringify({ passed, failed, skipped: 0, failures }))
  for (const { name, message } of failures) console.log(`✗ ${name}: ${message}`)
  process.exitCode = failed > 0 ? 1 : 0
}
