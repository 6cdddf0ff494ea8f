/** Helm against the cluster that is up. */
import { join } from 'node:path'
import { inject } from 'vitest'
import { helmProgram } from '#k8s/test-cluster/helm.ts'
import { run } from '#k8s/test-cluster/run.ts'

export const chart = join(import.meta.dirname, '..')

/** @param input of `--values -`. @returns what it printed. @throws ClusterError */
export async function helm(args: readonly string[], input?: object): Promise<string> {
  const program = await helmProgram(() => {})
  const given = input === undefined ? {} : { input: JSON.stringify(input) }
  return run([program, '--kubeconfig', inject('kubeconfig'), ...args], given)
}
