import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reasonNames } from '../run/states.ts'
import { explainRefusal } from './refusal.ts'

const said = (status: number, message: string, reason = 'Forbidden') =>
  explainRefusal(status, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code: status,
  })

test.each([
  [403, 'pods "x" is forbidden: exceeded quota: few, requested: pods=1, used: pods=10, limited: pods=10', 'later', 'unschedulable'],
  [403, 'pods "x" is forbidden: failed quota: few: must specify limits.cpu for: main', 'never', 'bad_config'],
  [403, 'pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false', 'never', 'bad_config'],
  [403, 'pods "x" is forbidden: [maximum cpu usage per Container is 1, but limit is 2]', 'never', 'bad_config'],
  [403, 'pods "x" is forbidden: error looking up service account team-a/robot: serviceaccount "robot" not found', 'never', 'bad_config'],
  [403, 'pods "x" is forbidden: no PriorityClass with name urgent was found', 'never', 'bad_config'],
  [403, 'pods "x" is forbidden: unable to create new content in namespace team-a because it is being terminated', 'never', 'bad_config'],
  [403, 'pods is forbidden: User "system:serviceaccount:dagbok:scheduler" cannot create resource "pods" in API group "" in the namespace "team-a"', 'later', 'infrastructure_unknown'],
  [404, 'namespaces "team-a" not found', 'never', 'bad_config'],
  [422, 'Pod "x" is invalid: spec.containers[0].image: Required value', 'never', 'bad_config'],
  [400, 'admission webhook "policy.acme.dev" denied the request: no latest tags', 'never', 'bad_config'],
  [409, 'Operation cannot be fulfilled on resourcequotas "few": the object has been modified', 'later', 'infrastructure_unknown'],
  [500, 'Internal error occurred: failed calling webhook "policy.acme.dev": context deadline exceeded', 'later', 'infrastructure_unknown'],
  [503, 'the server is currently unable to handle the request', 'later', 'infrastructure_unknown'],
])('a create that is refused with %d, %s: %s, %s', (status, message, kind, reason) => {
  const refusal = said(status, message)
  expect(refusal).toMatchObject({ kind, reason })
  expect(refusal).toMatchObject({ message: expect.stringContaining(message) as string })
}) // prettier-ignore

test('a pod of this name that is there is to be compared', () =>
  expect(said(409, 'pods "x" already exists', 'AlreadyExists')).toEqual({ kind: 'exists' }))

test('[R6] whatever is answered, there is a reason and a sentence', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 300, max: 599 }),
      fc.oneof(fc.jsonValue(), fc.record({ message: fc.string() })),
      (status, body) => {
        const refusal = explainRefusal(status, body)
        expect(
          refusal.kind === 'exists' || (reasonNames.includes(refusal.reason) && refusal.message !== ''),
        ).toBe(true)
      },
    ),
  )
})
