import { Command } from 'commander'
import { exitCodes, UsageError } from '../../client/failure.ts'
import { plain, say, sayJson, warn } from '../../print/output.ts'

const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`

export const dagLint = (): Command =>
  new Command('lint')
    .description(
      'Check notebooks by the rules of a push, without a server: every fault of every file at once, as file:line:column. Components are taken from the repository around, those of other repositories are left to the push, with a warning; programs (*.dag.py, *.dag.ts) are run, sealed as far as this machine can.',
    )
    .argument('[PATH...]', 'notebooks, or folders to look for them in', ['.'])
    .action(async (paths: string[], options: { json?: true }) => {
      // The compiler takes its time to load: only where it is used.
      const { checkNotebooks, faultLines } = await import('../../repository/check-notebooks.ts')
      const { printPrograms } = await import('../../program/print-programs.ts')
      const checked = await checkNotebooks(paths, printPrograms)
      if (checked.length === 0)
        throw new UsageError(
          `There is no notebook (*.dag.md, *.dag.yaml, *.dag.py, *.dag.ts) under ${paths.join(', ')}.`,
        )
      const lines = faultLines(checked, process.cwd())
      if (lines.length > 0) process.exitCode = exitCodes.failed
      if (options.json)
        return sayJson({
          notebooks: checked.map(({ path, faults, warnings }) => ({ path, faults, warnings })),
        })
      for (const line of lines) say(plain(line))
      for (const line of faultLines(checked, process.cwd(), 'warnings')) warn(`warning: ${plain(line)}`)
      const faulty = checked.filter(({ faults }) => faults.length > 0).length
      warn(
        lines.length === 0
          ? `${plural(checked.length, 'notebook')}, no faults`
          : `${plural(lines.length, 'fault')} in ${faulty} of ${plural(checked.length, 'notebook')}`,
      )
    })
