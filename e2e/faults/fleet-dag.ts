/** What the fleet runs: three tasks after one another, the middle one thrice, in a pool that is narrower than that. */

/** Of the pool `narrow`. */
export const slots = 2

const starts = 'echo "$DAGBOK_ATTEMPT_ID $(date +%s%N)" >> "$DAGBOK_PARAM_LEDGER"'
const task = (head: string, script: string) =>
  `\`\`\`yaml task\n${head}\ninfrastructure_retries: 100\n\`\`\`\n\`\`\`bash script\n${starts}\n${script}\n\`\`\`\n`
export const notebook = `---
dagbok: 1
id: fleet
params:
  ledger: {type: string}
---

${task('id: first\noutputs: {out: out.txt}', 'echo whole > "$DAGBOK_OUT/out.txt"')}
${task('id: many\nneeds: [first]\nmatrix: {n: [1, 2, 3]}\npool: narrow\ninputs: {out: "${{ tasks.first.outputs.out }}"}', 'grep -qx whole "$DAGBOK_IN_OUT"\nsleep 0.1')}
${task('id: last\nneeds: [many]', 'true')}
`
