/** What the chart takes, by the real helm. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chart, helm } from './testing/helm.ts'

const least = ['--set', 'database.existingSecret.name=db', '--kube-version', '1.35.0']
const rendered = (...sets: string[]) =>
  helm(['template', 'r', chart, ...least, ...sets.flatMap((one) => ['--set', one])])

test('the chart and its example have no fault', async () => {
  const example = join(chart, 'values.example.yaml')
  expect(await helm(['lint', '--strict', chart, '--values', example])).toContain('0 chart(s) failed')
})

test.each([
  ['image.repositry=x', /repositry/],
  ['publicUrl=dagbok.example', /publicUrl/],
  ['tasks.pods=0', /pods/],
  ['env.dagbok_parallelism=3', /dagbok_parallelism/],
  ['workers[0].name=Big', /name/],
  // The chart sets them itself.
  ['env.PORT=80', /PORT/],
  ['podLabels.app\\.kubernetes\\.io/name=mine', /app.kubernetes.io\/name/],
  // Processors that are used are measured by what is asked for.
  ['workers[0].name=a,workers[0].existingSecret.name=t,workers[0].autoscaling.maxReplicas=3', /resources/],
])('%s is refused', (set, says) => expect(rendered(set)).rejects.toThrow(says))

test('a database is asked for', () =>
  expect(helm(['template', 'r', chart, '--kube-version', '1.35.0'])).rejects.toThrow(
    /database\.existingSecret\.name: name the secret/,
  ))

test('what is off by default is there when it is asked for', async () => {
  const on = await rendered(
    'httpRoute.enabled=true',
    'ingress.enabled=true',
    'ingress.host=a.example',
    'serviceMonitor.enabled=true',
    'serviceMonitor.existingSecret.name=token',
    'workers[0].name=short',
    'workers[0].existingSecret.name=wt',
    'workers[0].autoscaling.maxReplicas=3',
    'workers[0].resources.requests.cpu=1',
  )
  const kinds = (text: string) => new Set([...text.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind))
  const more = ['HTTPRoute', 'Ingress', 'ServiceMonitor', 'HorizontalPodAutoscaler', 'PodDisruptionBudget']
  expect([...kinds(on)]).toEqual(expect.arrayContaining(more))
  expect([...kinds(await rendered())].filter((kind) => more.includes(kind ?? ''))).toEqual([])
})
