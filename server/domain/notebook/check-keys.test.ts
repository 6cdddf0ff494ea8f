import { expect, test } from 'vitest'
import { checkKeys } from './check-keys.ts'
import { compile } from './compile.ts'
import { formatFault } from './fault.ts'
import { frontMatterKeys } from './keys/front-matter-keys.ts'
import { taskKeys } from './keys/task-keys.ts'
import type { Key } from './keys/key.ts'
import { parseYaml } from './located.ts'

function faults(kind: 'front_matter' | 'task' | 'test', text: string): string[] {
  const { root, faults: yaml } = parseYaml(text, 0)
  expect(yaml).toEqual([])
  if (root === null) return []
  return checkKeys(kind, root).map(
    (fault) =>
      `${text.slice(fault.start, fault.end).trim()} → ${fault.message}${fault.guess === undefined ? '' : ` (${fault.guess}?)`}`,
  )
}

test('the keys of the examples pass', () => {
  expect(
    faults(
      'front_matter',
      'dagbok: 1\nid: iris\nschedule: {cron: "0 6 * * 1-5", timezone: Europe/London}\nparams:\n  rows: {type: integer, default: 150}\ndefaults: {image: python:3.12-slim, retries: 1}\n',
    ),
  ).toEqual([])
  expect(
    faults(
      'task',
      'id: train\nneeds: [clean]\nmatrix: {alpha: [0.1, 0.5, 1.0]}\nresources: {cpu: 1, memory: 1Gi}\ntimeout: 10m\noutputs:\n  model: model.json\n  predictions: {path: p.csv, key: [row], tolerance: {abs: 0.001}}\nmetrics: {accuracy: {better: higher}}\nx-note: anything\n',
    ),
  ).toEqual([])
})

test.each([
  ['id: a\nneed: [b]\n', 'need → `need` is not a key of a task (needs?)'],
  ['id: a\nneeds: b\n', 'b → `needs` must be a list'],
  ['id: A\n', 'A → `id` is not a name: a to z, 0 to 9, _ and -, a letter first, 63 at most'],
  ['needs: []\n', 'needs: [] → `id` is missing in a task'],
  ['id: a\ntimeout: 10 minutes\n', '10 minutes → `timeout` is not a duration'],
  ['id: a\ntrigger_rule: all_succes\n', 'all_succes → `trigger_rule` must be one of'],
  ['id: a\nresources: {cpus: 1}\n', 'cpus → `cpus` is not a key of `resources` (cpu?)'],
  ['id: a\noutputs: {Raw: raw.csv}\n', 'Raw → `Raw` is not a name'],
  ['id: a\noutputs: {raw: {pth: raw.csv}}\n', 'pth → `pth` is not a key of `outputs.raw` (path?)'],
  ['id: a\nretries: -1\n', '-1 → `retries` must be >= 0'],
])('%j: %s', (text, message) => expect(faults('task', text).join('\n')).toContain(message))

test('a guess is made for a rule that is misspelt', () =>
  expect(faults('task', 'id: a\ntrigger_rule: all_succes\n')[0]).toContain('(all_success?)'))
test('text that is no map is told so', () =>
  expect(faults('task', 'just words\n')).toEqual(['just words → a task must be a map']))
test('a front matter of another format is refused', () =>
  expect(faults('front_matter', 'dagbok: 2\nid: a\n')).toEqual(['2 → `dagbok` must be 1']))

/** The notebook's faults in words; its front matter has these lines more, its one task these. */
function notebook(front: string, task: string) {
  const cells = `\`\`\`yaml task\nid: a\n${task}\`\`\`\n\`\`\`bash script\necho\n\`\`\`\n`
  const text = `---\ndagbok: 1\nid: x\n${front}---\n\n${cells}`
  const { faults, spec } = compile({ path: 'd/x.dag.md', text, readFile: () => null })
  return { words: faults.map(formatFault), spec }
}
/** The key with a value of its own shape, so that nothing else is wrong with it. */
const line = ({ name, schema }: Key) =>
  `${name}: ${{ array: '[]', object: '{}', string: 'a' }[String(schema['type'])] ?? '[]'}\n`
const refused = (place: string, { name }: Key) =>
  `d/x.dag.md:${place} \`${name}\` is part of the format, but this build cannot carry it out yet: leave it out until it can`

test('[N5] each key that cannot be carried out yet is refused where it stands', () => {
  expect(taskKeys.filter(({ isCarried }) => !isCarried)).toEqual([])
  const later = frontMatterKeys.filter(({ isCarried }) => !isCarried)
  expect(later.map(({ name }) => name)).toEqual(['notify'])
  expect(notebook('', '').words).toEqual([])
  for (const key of later)
    expect(notebook(line(key), '')).toEqual({ words: [refused('4:1', key)], spec: null })
})

test('no key is told twice, and each says what it means', () => {
  for (const keys of [taskKeys, frontMatterKeys]) {
    expect(new Set(keys.map((key) => key.name)).size).toBe(keys.length)
    for (const key of keys) expect(key.meaning).toMatch(/\.$/)
  }
})
