/** A service account of the cluster with the rights that the chart gives the product, each of which can be taken away. */
import { readFile, writeFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import { inject } from 'vitest'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { chart, helm } from './helm.ts'

export interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}

/** The rules of the Role that the chart makes in the namespace of a team. */
export async function rulesOfChart(): Promise<Rule[]> {
  const sets = ['--set', 'database.existingSecret.name=db,tasks.pool.workers=1', '--kube-version', '1.35.0']
  const text = await helm(['template', 'r', chart, '--show-only', 'templates/teams.yaml', ...sets])
  const all = parseAllDocuments(text).map((one) => one.toJS() as { kind?: string; rules?: Rule[] } | null)
  return all.find((one) => one?.kind === 'Role')?.rules ?? []
}

/** The rules without one verb of one resource. */
export const without = (rules: readonly Rule[], resource: string, verb: string): Rule[] =>
  rules
    .map((rule) =>
      rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
    )
    .filter(({ verbs }) => verbs.length > 0)

const kindOf = (kind: string) => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind })

/**
 * Makes the account `name` in the namespace `default`, and a kubeconfig of it at `file`. It may nothing yet.
 * @returns gives it rights in a namespace, in the place of those it had there
 */
export async function restrictedAccount(name: string, file: string) {
  await kubectl(['create', 'serviceaccount', name])
  const token = await kubectl(['create', 'token', name, '--duration', '3h'])
  const config = JSON.parse(await readFile(inject('kubeconfig'), 'utf8')) as Record<string, unknown>
  const users = (config['users'] as { name: string }[]).map((one) => ({ name: one.name, user: { token } }))
  await writeFile(file, JSON.stringify({ ...config, users }), { mode: 0o600 })
  const allow = async (namespace: string, rules: readonly Rule[]) => {
    const metadata = { name, namespace }
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }
    const subjects = [{ kind: 'ServiceAccount', name, namespace: 'default' }]
    await kubectl(['apply', '-f', '-'], { ...kindOf('Role'), metadata, rules })
    await kubectl(['apply', '-f', '-'], { ...kindOf('RoleBinding'), metadata, roleRef, subjects })
  }
  return { name, allow, remove: () => kubectl(['delete', 'serviceaccount', name]) }
}
