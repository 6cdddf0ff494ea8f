import fc from 'fast-check'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { hiddenToken, podYaml, withToken } from './pod-yaml.ts'
import { podOfAttempt } from './pod-of-attempt.ts'
import { attempt, facts, soundPod } from './testing.ts'

const value = { kind: 'value', value: 'hunter22-hunter22' } as const
const withValue = soundPod(facts({}, { attempt: attempt({ token: value }) }))

describe('the pod as YAML', () => {
  test('[S6] has no token in it, and says that there is one', () => {
    expect(JSON.stringify(withValue)).toContain('hunter22')
    expect(podYaml(withValue)).not.toContain('hunter22')
    expect(podYaml(withValue).match(/- name: DAGBOK_TOKEN\n +value: \(hidden\)/g)).toHaveLength(2)
  })

  test('[S6] nor is it in what is said of a pod that is refused', () => {
    const made = podOfAttempt(
      facts({ patch: { spec: { hostPID: true } } }, { attempt: attempt({ token: value }) }),
    )
    expect(made.pod).toBeNull()
    expect(JSON.stringify(made)).toContain(hiddenToken)
    expect(JSON.stringify(made)).not.toContain('hunter22')
  })

  test('[S6] and no container of the task is given it by asking for a variable of that name', () => {
    const env = [{ name: 'DAGBOK_TOKEN', value: 'mine' }]
    const patch = { spec: { initContainers: [{ name: 'own', image: 'busybox', env }] } }
    const { initContainers = [] } = soundPod(facts({ patch }, { attempt: attempt({ token: value }) })).spec
    expect(initContainers.map((one) => JSON.stringify(one).includes('hunter22'))).toEqual([true, true, false])
  })

  test('names the secret that the token is in', () => {
    expect(podYaml(soundPod(facts()))).toContain('secretKeyRef:\n              name: dagbok-token-a')
  })

  test('is the same pod to readers of YAML 1.2 and of 1.1, which kubectl is', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'yes',
        'no',
        'on',
        'off',
        'y',
        'N',
        '~',
        'null',
        'true',
        '0777',
        '0o17',
        '1_000',
        '12:30:45',
        '1e3',
        '.inf',
        '0x1F',
        '2026-01-31',
        '<<',
        '=',
        '- a',
        '# b',
        'a: b',
        '',
        ' ',
        '\n',
        'a\nb',
        '\t',
        '&a',
        '*a',
        '!x',
        '%',
        '@',
        '`',
      ),
      fc.string({ unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(word, word, (one, other) => {
        const pod = soundPod(
          facts(
            { annotations: { note: one } },
            { attempt: attempt({ env: { WORD: other }, args: [one, other] }) },
          ),
        )
        for (const version of ['1.1', '1.2'] as const)
          expect(parse(podYaml(pod), { version })).toEqual(withToken(pod, hiddenToken))
      }),
      { numRuns: 300 },
    )
  })

  test('nothing is written twice by an alias, however equal', () => {
    expect(podYaml(withValue)).not.toMatch(/[&*]a\d/)
  })
})
