/**
 * `npm run verify`, `npm test` and `npm test -- --all`: their stages, also after one has failed, a summary, and the
 * closing line.
 */
import { runStage, type StageResult } from './stage.ts'
import { stages, type Stage } from './stages.ts'

const commands: readonly Stage['from'][] = ['verify', 'test', 'all']

const sum = (results: StageResult[], of: 'passed' | 'failed' | 'skipped') =>
  results.reduce((all, result) => all + result[of], 0)

async function main([name = '', ...options]: string[]): Promise<number> {
  const wrong = options.find((option) => option !== '--all')
  if (wrong !== undefined) {
    console.error(`'${wrong}' is unknown. \`npm test -- --all\` runs the fault tests and the guards, too.`)
    return 1
  }
  const last = commands.findIndex((one) => one === (options.includes('--all') ? 'all' : name))
  const results: StageResult[] = []
  for (const stage of stages)
    if (commands.indexOf(stage.from) <= last) results.push(await runStage(stage.name, stage.run))
  console.log('')
  for (const result of results) {
    const counts = `${result.passed} passed, ${result.failed} failed${result.skipped > 0 ? `, ${result.skipped} skipped` : ''}`
    console.log(
      `${result.failed > 0 ? '✗' : '✓'} ${result.name.padEnd(12)} ${(result.ms / 1000).toFixed(1).padStart(6)} s  ${counts}`,
    )
    for (const reason of result.reasons) console.log(`    skipped: ${reason}`)
  }
  console.log(
    `\n${sum(results, 'passed')} passed, ${sum(results, 'failed')} failed, ${sum(results, 'skipped')} skipped`,
  )
  return sum(results, 'failed') > 0 ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
