/** Every command of `dagbok`. */
import { Command } from 'commander'
import { exitMeanings } from '../client/failure.ts'
import { login } from './account/login.ts'
import { logout } from './account/logout.ts'
import { comparisonCompare } from './comparison/compare.ts'
import { dagCompile } from './dag/compile.ts'
import { dagLint } from './dag/lint.ts'
import { dagList } from './dag/list.ts'
import { runCancel } from './run/cancel.ts'
import { runList } from './run/list.ts'
import { runRerun } from './run/rerun.ts'
import { runStart } from './run/start.ts'
import { runView } from './run/view.ts'
import { runWatch } from './run/watch.ts'
import { shareList } from './share/list.ts'
import { shareRevoke } from './share/revoke.ts'
import { versionList } from './version/list.ts'

function noun(name: string, description: string, verbs: readonly Command[]): Command {
  const command = new Command(name).description(description)
  for (const verb of verbs) command.addCommand(verb)
  return command
}

/** The commands that do something, with their nouns before them: `run start`. */
export function verbsOf(command: Command, before = ''): { name: string; command: Command }[] {
  return command.commands.flatMap((one) => {
    const name = `${before}${one.name()}`
    return one.commands.length === 0 ? [{ name, command: one }] : verbsOf(one, `${name} `)
  })
}

const after = `
DAG is TEAM/REPO/DAG, or REPO/DAG of team main. VERSION is v3, a branch, a tag or a commit.
RUN is its id, or DAG#NUMBER. DAGBOK_URL and DAGBOK_TOKEN come before what \`login\` kept.

Exit codes:
${exitMeanings.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`

/** What goes wrong on the command line is thrown as a `CommanderError`, whatever the command. */
function settle(command: Command): void {
  command.exitOverride()
  for (const one of command.commands) settle(one)
}

export function createProgram(): Command {
  const program = new Command('dagbok')
    .description('Runs, versions and comparisons of a Dagbok, and its notebooks, from the command line.')
    // `--version` of a verb is a version of a DAG.
    .enablePositionalOptions()
    .addHelpText('after', after)
  for (const command of [
    login(),
    logout(),
    noun('dag', 'DAGs, and notebooks before they are pushed', [dagList(), dagLint(), dagCompile()]),
    noun('version', 'versions of a DAG', [versionList()]),
    noun('run', 'runs of a DAG', [runStart(), runList(), runView(), runWatch(), runCancel(), runRerun()]),
    comparisonCompare(),
    noun('share', 'links to comparisons', [shareList(), shareRevoke()]),
  ])
    program.addCommand(command)
  for (const { command } of verbsOf(program)) command.option('--json', 'print JSON, for programs')
  settle(program)
  return program
}
