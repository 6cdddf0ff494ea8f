/** What the fleet runs: three tasks after one another, the middle one thrice, in a pool that is narrower than that. */

/** Of the pool `narrow`. */
export const slots = 2
/** The queue that workers of the pool serve. */
export const farQueue = 'far'

const starts = 'echo "$DAGBOK_ATTEMPT_ID $(date +%s%N)" >> "$DAGBOK_PARAM_LEDGER"'
const task = (head: string, script: string) =>
  `\`\`\`yaml task\n${head}\ninfrastructure_retries: 100\n\`\`\`\n\`\`\`bash script\n${starts}\n${script}\n\`\`\`\n`
const ofDag = (...tasks: string[]) => `---
dagbok: 1
id: fleet
params:
  ledger: {type: string}
---

${tasks.join('\n')}
`
const whole = 'inputs: {out: "${{ tasks.first.outputs.out }}"}'
const first = task('id: first\noutputs: {out: out.txt}', 'echo whole > "$DAGBOK_OUT/out.txt"')
const reads = 'grep -qx whole "$DAGBOK_IN_OUT"\nsleep 0.1'
const many = task(`id: many\nneeds: [first]\nmatrix: {n: [1, 2, 3]}\npool: narrow\n${whole}`, reads)

export const notebook = ofDag(first, many, task('id: last\nneeds: [many]', 'true'))

/** The same, and beside the middle one two tasks of workers of the pool, in the same narrow pool; one leaves an output. */
export const farNotebook = ofDag(
  first,
  many,
  task(
    `id: far\nneeds: [first]\nmatrix: {n: [1, 2]}\npool: narrow\nexecutor: pool\nqueue: ${farQueue}\n${whole}\noutputs: {back: back.txt}`,
    `${reads}\ncp "$DAGBOK_IN_OUT" "$DAGBOK_OUT/back.txt"`,
  ),
  task('id: last\nneeds: [many, far]', 'true'),
)
