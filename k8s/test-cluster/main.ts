/** `npm run cluster -- up|down|status|kubeconfig|prepare`: what a person can mend is said in one line. */
import { ClusterError } from './cluster-error.ts'

try {
  // Its settings are read when it is loaded, and may be wrong.
  const { program } = await import('./commands.ts')
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof ClusterError)) throw error
  console.error(`dagbok: ${error.message}`)
  process.exitCode = 1
}
