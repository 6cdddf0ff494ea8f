/** The manual of the command line, from the commands themselves. */
import type { Command, Option } from 'commander'
import { tookMeans } from '#server/domain/run/took.ts'
import { exitMeanings } from '../client/failure.ts'
import { createProgram, verbsOf } from '../commands/program.ts'

const intro = `# The command line

<!-- Written by \`npm run docs\` from cli/commands. -->

\`dagbok\` asks a running Dagbok over REST, and checks notebooks without one. From a clone it is \`npx dagbok\` or
\`node cli/dagbok.mjs\`; \`npm link\` puts it on the path.

\`\`\`sh
dagbok login --url http://127.0.0.1:7310             # asks for a token; make one under Settings
dagbok dag lint                                      # the faults that a push would name
dagbok run start examples/iris@v2 -p rows=90 --watch
dagbok run recover examples/iris#3 --watch            # what failed, and what comes after it
dagbok compare examples/iris@v1 examples/iris@v2 --fail-on-regress
\`\`\`

| Written   | Means                                                                                      |
| --------- | ------------------------------------------------------------------------------------------ |
| DAG       | \`TEAM/REPO/DAG\`, or \`REPO/DAG\` of team \`main\`                                            |
| VERSION   | \`v3\`, a branch, a tag or a commit                                                        |
| RUN       | its id, or \`DAG#NUMBER\`; to \`compare\` also \`DAG@VERSION\`, its newest finished run       |
| TASK      | a task by its id; \`TASK[KEY]\` is an item of an expanded one: \`train[alpha=0.1]\`              |
| BACKFILL  | \`DAG#NUMBER\`                                                                             |

\`dagbok login\` keeps address and token in \`$XDG_CONFIG_HOME/dagbok/account.json\` (\`~/.config\` without it), readable
by you alone. \`DAGBOK_URL\` and \`DAGBOK_TOKEN\` come before it, each for itself; the kept token goes to the address it
was kept for, and to no other. Give a token by stdin where others can see your command lines:
\`dagbok login < token.txt\`.

With \`--json\` every command prints what REST answers (\`/api/openapi.json\` describes it), and nothing else on stdout;
without it, tables for people, in colour on a terminal unless \`NO_COLOR\` is set. What a run or a task TOOK:
${tookMeans[0]?.toLowerCase()}${tookMeans.slice(1)}

## Exit codes

| Code | Means |
| ---- | ----- |
${exitMeanings.map(([code, meaning]) => `| ${code} | ${meaning} |`).join('\n')}
`

const cell = (text: string) => text.replaceAll('|', '\\|')

function optionRow({ flags, description, defaultValue, argChoices }: Option): string {
  const notes = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(typeof defaultValue === 'number' ? [`default ${defaultValue}`] : []),
  ]
  return `| \`${cell(flags)}\` | ${cell([description, ...notes].join('; '))} |`
}

function section(name: string, command: Command): string {
  const usage = command.registeredArguments.map((argument) => {
    const word = argument.variadic ? `${argument.name()}…` : argument.name()
    return argument.required ? word : `[${word}]`
  })
  return [
    `## dagbok ${[name, ...usage].join(' ')}`,
    '',
    command.description(),
    '',
    '| Option | Meaning |',
    '| ------ | ------- |',
    ...command.options.map(optionRow),
    '',
  ].join('\n')
}

/** Markdown: what holds for all commands, then each with its options. */
export function commandManual(): string {
  return [intro, ...verbsOf(createProgram()).map(({ name, command }) => section(name, command))].join('\n')
}
