/** Every command of `dagbok`. */
import { Command } from 'commander'
import { exitMeanings } from '../client/failure.ts'
import { login } from './account/login.ts'
import { logout } from './account/logout.ts'
import { backfillCancel, backfillPause, backfillResume } from './backfill/change.ts'
import { backfillCreate } from './backfill/create.ts'
import { backfillList } from './backfill/list.ts'
import { backfillPreview } from './backfill/preview.ts'
import { backfillView } from './backfill/view.ts'
import { comparisonCompare } from './comparison/compare.ts'
import { dagCompile } from './dag/compile.ts'
import { dagLint } from './dag/lint.ts'
import { dagList } from './dag/list.ts'
import { audit } from './audit/audit.ts'
import { dagAudit } from './dag/audit.ts'
import { dagPod } from './dag/pod.ts'
import { dagPause } from './dag/pause.ts'
import { dagResume } from './dag/resume.ts'
import { dagView } from './dag/view.ts'
import { poolDelete } from './pool/delete.ts'
import { poolList } from './pool/list.ts'
import { poolSet } from './pool/set.ts'
import { doctor } from './doctor/doctor.ts'
import { runAnswer } from './run/answer.ts'
import { runCancel } from './run/cancel.ts'
import { runFork } from './run/fork.ts'
import { runList } from './run/list.ts'
import { runMark } from './run/mark.ts'
import { runOutput } from './run/output.ts'
import { runRecover } from './run/recover.ts'
import { runRerun } from './run/rerun.ts'
import { runStart } from './run/start.ts'
import { repositoryCreate, repositoryList } from './repository/repositories.ts'
import { runView } from './run/view.ts'
import { runWatch } from './run/watch.ts'
import { secretDelete } from './secret/delete.ts'
import { secretList } from './secret/list.ts'
import { secretSet } from './secret/set.ts'
import { shareList } from './share/list.ts'
import { shareRevoke } from './share/revoke.ts'
import { storageCopy } from './storage/copy.ts'
import { tokenCreate, tokenList, tokenRevoke } from './token/tokens.ts'
import { versionDiff } from './version/diff.ts'
import { versionList } from './version/list.ts'
import { webhookCreate } from './webhook/create.ts'
import { webhookList } from './webhook/list.ts'
import { webhookRevoke } from './webhook/revoke.ts'
import { workerList } from './worker/list.ts'
import { workerTokenCreate, workerTokenList, workerTokenRevoke } from './worker/tokens.ts'
import { worker } from './worker/worker.ts'

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
RUN is its id, or DAG#NUMBER; BACKFILL is DAG#NUMBER. TASK[KEY] is an item of an expanded task.
DAGBOK_URL and DAGBOK_TOKEN come before what \`login\` kept.

Exit codes:
${exitMeanings.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}`

/** What goes wrong on the command line is thrown as a `CommanderError`, whatever the command. */
function settle(command: Command): void {
  command.exitOverride()
  for (const one of command.commands) settle(one)
}

const nouns = (): Command[] => [
  noun('dag', 'DAGs, and notebooks before they are pushed', [
    dagList(),
    dagView(),
    dagPod(),
    dagPause(),
    dagResume(),
    dagAudit(),
    dagLint(),
    dagCompile(),
  ]),
  noun('version', 'versions of a DAG', [versionList(), versionDiff()]),
  noun('run', 'runs of a DAG', [
    runStart(),
    runList(),
    runView(),
    runOutput(),
    runWatch(),
    runCancel(),
    runRerun(),
    runRecover(),
    runFork(),
    runAnswer(),
    runMark(),
  ]),
  noun('backfill', 'runs for past dates of a schedule', [
    backfillPreview(),
    backfillCreate(),
    backfillList(),
    backfillView(),
    backfillPause(),
    backfillResume(),
    backfillCancel(),
  ]),
  noun('pool', 'slots that tasks share', [poolList(), poolSet(), poolDelete()]),
  noun('secret', 'values that tasks get and nobody sees', [secretList(), secretSet(), secretDelete()]),
  noun('webhook', 'addresses that start a DAG', [webhookList(), webhookCreate(), webhookRevoke()]),
  comparisonCompare(),
  noun('share', 'links to comparisons', [shareList(), shareRevoke()]),
  worker(),
  noun('storage', 'where outputs and logs are', [storageCopy()]),
  audit(),
  noun('repository', 'repositories of git', [repositoryList(), repositoryCreate()]),
  noun('token', 'your tokens, for REST and git', [tokenList(), tokenCreate(), tokenRevoke()]),
  noun('workers', 'workers of the pool', [workerList()]),
  noun('worker-token', 'tokens of workers', [workerTokenCreate(), workerTokenList(), workerTokenRevoke()]),
]

export function createProgram(): Command {
  const program = new Command('dagbok')
    .description('Runs, versions and comparisons of a Dagbok, and its notebooks, from the command line.')
    // `--version` of a verb is a version of a DAG.
    .enablePositionalOptions()
    .addHelpText('after', after)
  for (const command of [login(), logout(), doctor(), ...nouns()]) program.addCommand(command)
  for (const { command } of verbsOf(program)) command.option('--json', 'print JSON, for programs')
  settle(program)
  return program
}
