/** The decisions of a pod's life, or what they rest on, with one guard taken out: the lives must catch each. */
import type { Cut } from '#workers/simulation/mutate.ts'

const core = 'server/domain/pod'
const model = 'workers/executors/kubernetes/testing/lives'
const reconcile = `${core}/reconcile.ts`

export const lifeMutants: { name: string; cuts: Cut[] }[] = [
  {
    name: 'the start gate does not compare, and what was there is created again',
    cuts: [
      {
        file: reconcile,
        find: "  if (facts.uid !== null)\n    return [{ kind: 'publish'",
        put: '  if (facts.uid === "")\n    return [{ kind: \'publish\'',
      },
      {
        file: `${model}/model-row.ts`,
        find: 'isOpen && (this.#uid === null || this.#uid === uid)',
        put: 'isOpen',
      },
    ],
  },
  {
    name: 'the start gate stays open when the token is revoked',
    cuts: [
      {
        file: `${model}/model-row.ts`,
        find: 'this.#isLive && this.#ending === null && !this.#cancelAsked',
        put: 'this.#isLive',
      },
    ],
  },
  {
    name: 'an end is published before the pod is gone',
    cuts: [
      {
        file: reconcile,
        find: 'if (deletion.length > 0) return deletion',
        put: "if (deletion.length > 0) return [...deletion, { kind: 'publish', end: ending.end }]",
      },
    ],
  },
  {
    name: 'a view is believed that there is no pod',
    cuts: [{ file: reconcile, find: 'if (!seen.isFresh) return look', put: '' }],
  },
  {
    name: 'a view is believed that time is over',
    cuts: [
      {
        file: reconcile,
        find: "return isFresh ? [{ kind: 'revoke', ending: first.ending() }] : look",
        put: "return [{ kind: 'revoke', ending: first.ending() }]",
      },
    ],
  },
  {
    name: 'the clock of a node is believed',
    cuts: [
      {
        file: `${core}/ends.ts`,
        find: 'const latest = Math.min(facts.runningSeenAt ?? now, now)',
        put: 'const latest = now',
      },
      {
        file: `${core}/ends.ts`,
        find: 'Math.max(facts.gatePassedAt ?? latest, told ?? latest)',
        put: 'told ?? latest',
      },
    ],
  },
  {
    name: 'the clock of a cluster is believed',
    cuts: [
      {
        file: reconcile,
        find: 'return at + graceMs + stuckMs + assumeDeadMs',
        put: 'return (observed.deletion.overAt ?? at + graceMs) + stuckMs + assumeDeadMs',
      },
    ],
  },
  {
    name: 'the events of a pod are not asked for',
    cuts: [
      {
        file: reconcile,
        find: 'isFresh || isPlain(pod) ? recorded',
        put: 'isFresh || uid !== "" ? recorded',
      },
    ],
  },
  {
    name: 'what was deleted is told by its exit code alone',
    cuts: [
      {
        file: `${core}/explain.ts`,
        find: 'const itself = own !== null && endedBefore(own, pod, disruption, events)',
        put: 'const itself = own !== null',
      },
    ],
  },
  {
    name: 'whatever has its name is its pod',
    cuts: [
      {
        file: `${core}/attempt-facts.ts`,
        find: "if (uid === null || !hasAll(labels, metadata['labels']) || !hasAll(annotations, metadata['annotations']))",
        put: 'if (uid === null)',
      },
    ],
  },
  {
    name: 'of an attempt that is over, whatever has its name is its pod',
    cuts: [
      {
        file: `${core}/attempt-facts.ts`,
        find: "labels: { [`${recommendedPrefix}managed-by`]: 'dagbok' },",
        put: 'labels: {},',
      },
      {
        file: `${core}/attempt-facts.ts`,
        find: 'annotations: { [`${ownPrefix}attempt-id`]: facts.attemptId },',
        put: 'annotations: {},',
      },
    ],
  },
  {
    name: 'a pod is deleted by its name, and not by its UID',
    cuts: [
      {
        file: `${model}/pod-lives.ts`,
        find: 'this.cluster.delete(uid, graceSeconds)',
        put: 'this.cluster.delete(null, graceSeconds)',
      },
    ],
  },
  {
    name: 'the finalizer stays when the end is published',
    cuts: [
      {
        file: reconcile,
        find: "if (held.length > 0) actions.push({ kind: 'remove_finalizer', uid })",
        put: '',
      },
    ],
  },
  {
    name: 'what is left after an end is left',
    cuts: [
      {
        file: reconcile,
        find: "if (!('identity' in facts) || facts.isOver) return cleanUp(facts, pod)",
        put: "if (!('identity' in facts) || facts.isOver) return [{ kind: 'forget' }]",
      },
    ],
  },
  {
    name: 'a pod that is deleted before a node has it is waited for',
    cuts: [
      {
        file: `${core}/explain.ts`,
        find: "|| (phase === 'Pending' && deletion !== null && node === null)",
        put: '',
      },
      {
        file: reconcile,
        find: 'facts.gatePassedAt === null) return',
        put: 'facts.gatePassedAt === 1) return',
      },
    ],
  },
]
