import { exitCodeOf } from '../client/failure.ts'
import { endQuietlyWithReader, warn } from '../print/output.ts'
import { createProgram } from './program.ts'

endQuietlyWithReader()
try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error, warn)
}
