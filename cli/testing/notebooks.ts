/** For tests: notebooks that the command line works on. */
const fence = '```'
const cell = (kind: string, text: string) => `${fence}${kind}\n${text}\n${fence}\n`

/** One task with a param, a metric and a table. */
export const scored = (id: string, accuracy: number): string => `---
dagbok: 1
id: ${id}
params:
  n: {type: integer, default: 3, minimum: 1}
  label: {type: string, default: plain}
---

${cell(
  'yaml task',
  'id: fit\noutputs: {table: {path: t.csv, key: [row]}}\nmetrics: {accuracy: {better: higher, tolerance: {rel: 0.005}}}',
)}${cell(
  'bash script',
  `echo "n is $DAGBOK_PARAM_N"
printf 'row,p\\n1,${accuracy}\\n' > "$DAGBOK_OUT/t.csv"
echo '{"accuracy": ${accuracy}}' >> "$DAGBOK_METRICS"`,
)}`

/** A DAG and a task that say what they are; the task asks for what a process has not. */
export const described = `dagbok: 1
id: described
description: Scores the day.
owners: [science, Edith]
tasks:
  - id: send
    description: Sends the scores.
    effects: Writes to the mailing list.
    resources: {cpu: 2}
    command: [printf, sent]
`

/** A task that is a pod. */
export const podded = `dagbok: 1
id: podded
tasks:
  - id: a
    executor: kubernetes
    command: [fit]
`

/** A matrix: one item fails, the other does not. */
export const halfBroken = (id: string): string => `---
dagbok: 1
id: ${id}
---

${cell('yaml task', 'id: sort\nmatrix: {side: [good, bad]}')}${cell(
  'bash script',
  `echo "side is $DAGBOK_MATRIX_SIDE"
if [ "$DAGBOK_MATRIX_SIDE" = bad ]; then exit 3; fi`,
)}`

/** A task that goes on until the file named by its param is there. */
export const gated = (id: string): string => `---
dagbok: 1
id: ${id}
params:
  gate: {type: string}
---

${cell('yaml task', 'id: wait')}${cell('bash script', 'until [ -e "$DAGBOK_PARAM_GATE" ]; do sleep 0.1; done')}`

/** Items found when the run is there; one fails until the file named by its param is there. */
export const mendable = (id: string, last = 'echo all of it'): string => `---
dagbok: 1
id: ${id}
params:
  mended: {type: string}
  size: {type: integer, default: 1}
---

${cell('yaml task', 'id: first')}${cell('bash script', 'echo first')}${cell(
  'yaml task',
  `id: each
needs: [first]
map: "\${{ ['a', 'b', 'c'] }}"`,
)}${cell(
  'bash script',
  'if [ "$DAGBOK_INDEX" = 1 ] && [ ! -e "$DAGBOK_PARAM_MENDED" ]; then echo broken; exit 3; fi',
)}${cell('yaml task', 'id: last\nneeds: [each]')}${cell('bash script', last)}`

/** A person is asked, with a form; their answer is read. */
export const asking = (id: string): string => `---
dagbok: 1
id: ${id}
---

${cell(
  'yaml task',
  `id: ask
approve: {message: "Ship it?", form: {where: {type: string, enum: [eu, us]}, copies: {type: integer, default: 1}}}`,
)}${cell(
  'yaml task',
  `id: ship
needs: [ask]
args: ["\${{ tasks.ask.values.where }}", "\${{ tasks.ask.values.copies }}"]`,
)}${cell('bash script', 'echo "$1 $2"')}`

/** Catches up on a year, one run at a time, and waits in each. */
export const late = (id: string): string => `---
dagbok: 1
id: ${id}
schedule: {cron: "0 6 * * *", catchup: true, start_date: 2025-01-01}
limits: {max_active_runs: 1}
---

${cell('yaml task', 'id: pause\nwait: 6d')}`

/** Scheduled, and with a webhook. */
export const daily = (id: string, params = ''): string => `---
dagbok: 1
id: ${id}
schedule: {cron: "0 6 * * *", timezone: Europe/London${params}}
on: {webhook: true}
params:
  n: {type: integer, default: 1}
---

${cell('yaml task', 'id: say')}${cell('bash script', 'echo "$DAGBOK_LOGICAL_DATE $DAGBOK_PARAM_N"')}`
