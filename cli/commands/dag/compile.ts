import { Command } from 'commander'
import { exitCodes, UsageError } from '../../client/failure.ts'
import { plain, sayJson, warn } from '../../print/output.ts'

export const dagCompile = (): Command =>
  new Command('compile')
    .description(
      'Print the spec that a notebook, or what a program prints, compiles to, as JSON, or its faults.',
    )
    .argument('<PATH>', 'the notebook')
    .action(async (path: string) => {
      const { checkNotebooks, faultLines } = await import('../../repository/check-notebooks.ts')
      const { printPrograms } = await import('../../program/print-programs.ts')
      const checked = await checkNotebooks([path], printPrograms)
      const [notebook] = checked
      if (notebook === undefined || checked.length > 1)
        throw new UsageError(`${path} is a folder: name one notebook.`)
      if (notebook.spec !== null) return sayJson(notebook.spec)
      const { faults } = notebook
      const lines = faultLines(checked, process.cwd(), faults.length === 0 ? 'warnings' : 'faults')
      for (const line of lines) warn(plain(line))
      process.exitCode = exitCodes.failed
    })
