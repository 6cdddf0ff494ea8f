/** Notebooks of tests, and what becomes of them in a product that a test has. */
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { cloneRepository } from '../../../e2e/fixtures/repository.ts'
import type { GivenProduct } from '../../../e2e/fixtures/product.ts'

/** @param front YAML of a task. @param script in bash, or in `language` */
export const task = (front: string, script: string, language = 'bash') =>
  ['```yaml task', front, '```', '', `\`\`\`${language} script`, script, '```', ''].join('\n')

export const notebook = (id: string, ...tasks: string[]) =>
  `---\ndagbok: 1\nid: ${id}\n---\n\n# ${id}\n\n${tasks.join('\n')}`

/** Of the repository `flows`. @param id of the DAG, which is the name of its file, too */
export const addressOf = (id: string) => `main/flows/${id}`

/** Pushes a notebook of `flows`. */
export async function pushFlow(product: GivenProduct, id: string, text: string): Promise<void> {
  const copy = await cloneRepository(product.ready, 'flows')
  try {
    await copy.write(`${id}.dag.md`, text)
    await copy.push(`Change ${id}`)
  } finally {
    await copy.remove()
  }
}

/** Starts a run. @returns its id */
export async function startFlow(product: GivenProduct, id: string, version?: string): Promise<string> {
  const body = { params: {}, ...(version === undefined ? {} : { version }) }
  return (await product.api<{ id: string }>(`/dags/${addressOf(id)}/runs`, body)).id
}

/** Names of the pods of tasks in a namespace. */
export async function podsOfTasks(namespace: string): Promise<string[]> {
  const of = ['-n', namespace, '-l', 'app.kubernetes.io/managed-by=dagbok']
  return (await kubectl(['get', 'pods', ...of, '-o', 'jsonpath={.items[*].metadata.name}']))
    .split(' ')
    .filter(Boolean)
}
