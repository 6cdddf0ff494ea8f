/** Runs in lines. */
import { agoWords, durationWords } from '#server/domain/words.ts'
import { ignoredWords } from '#server/domain/run/ignored.ts'
import { reasonWords } from '#server/domain/run/states.ts'
import { took, type Timed } from '#server/domain/run/took.ts'
import type { RunSummary } from '#server/views/dag.ts'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { dagWords } from '../client/addresses.ts'
import { dim, plain, toned } from './output.ts'
import { table } from './table.ts'

/** `train`, or `train (alpha=0.1)` for an item. */
export const taskWords = ({ task, key }: Pick<TaskRunView, 'task' | 'key'>): string =>
  key === null ? task : `${task} (${plain(key)})`

/** How long it took, or has taken; '' before it started. */
export function lengthOf(timed: Timed, now: number): string {
  const length = took(timed, now)
  return length === null ? '' : durationWords(length)
}

function why({ cancelledBy }: RunDetail, { reason, message, whyNotRunning, answer }: TaskRunView): string {
  const doers = { cancelledBy, answeredBy: answer?.by ?? null }
  return plain(whyNotRunning?.sentence ?? message ?? (reason === null ? '' : reasonWords(reason, doers)))
}

export function runTable(runs: readonly RunSummary[], now: number): string {
  return table(
    ['RUN', 'STATE', 'VERSION', 'TRIGGER', 'BY', 'MADE', 'TOOK', 'ID'],
    runs.map((run) => [
      `#${run.number}`,
      toned(run.state),
      `v${run.version.number}`,
      run.forced ? `${run.trigger}, forced` : run.trigger,
      plain(run.triggeredBy ?? ''),
      agoWords(now - Date.parse(run.createdAt)),
      lengthOf(run, now),
      dim(run.id),
    ]),
  )
}

/** What people said: answers, and states given by hand. */
function wordsOfPeople({ taskRuns, marks }: RunDetail, now: number): string[] {
  const ago = (at: string) => agoWords(now - Date.parse(at))
  const answers = taskRuns.flatMap((task) => {
    if (task.answer === null) return []
    const { yes, by, at, comment, values } = task.answer
    const given = Object.entries(values).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    const more = [comment ?? '', given.join(' ')].filter((text) => text !== '')
    return `${taskWords(task)} was answered with ${yes ? 'yes' : 'no'} by ${by} ${ago(at)}${more.map((text) => `: ${text}`).join('')}`
  })
  const late = { applied: '', noted: ', after its end', too_late: ', too late' }
  const marked = marks.map(
    ({ as, by, at, reason, outcome, ...task }) =>
      `${taskWords(task)} was marked as ${as} by ${by ?? 'someone'} ${ago(at)}${outcome === null ? ', not yet carried out' : late[outcome]}: ${reason}`,
  )
  return [...answers, ...marked].map(plain)
}

/** What tasks ask for and run without, a line each. */
const ignoredOfRun = ({ ignored }: RunDetail): string[] =>
  Object.entries(ignored).flatMap(([task, one]) =>
    ignoredWords(one).map((words) => plain(`${task}: ${words}`)),
  )

/** What the author of a task says of it, and what of it is not kept to, one a line. */
export function saidOfTask({ described, ignored }: RunDetail, task: string): string[] {
  const { description = null, effects = null } = described[task] ?? {}
  const one = ignored[task]
  return [
    ...(description === null ? [] : [description.trim()]),
    ...(effects === null ? [] : [`effects: ${effects.trim()}`]),
    ...(one === undefined ? [] : ignoredWords(one)),
  ].map(plain)
}

/** The answer first, then what was run and why, then its tasks and what they do without, then what people said. */
export function runText(run: RunDetail, now: number): string {
  const { version, parent } = run
  const params = Object.entries(run.params).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const tasks = table(
    ['TASK', 'STATE', 'ATTEMPTS', 'TOOK', ''],
    run.taskRuns.map((task) => [
      taskWords(task),
      toned(task.state),
      String(task.attempts.length),
      lengthOf(task, now),
      why(run, task),
    ]),
  )
  const [ignored, people] = [ignoredOfRun(run), wordsOfPeople(run, now)]
  return [
    toned(run.state, plain(run.headline)),
    ...(run.whyNotRunning === null ? [] : [plain(run.whyNotRunning.sentence)]),
    `run ${run.number} of ${dagWords(run.dag)}, v${version.number} ${dim(version.commit.slice(0, 7))} ${plain(version.subject)}, ${plain(version.author)}`,
    ...(params.length === 0 ? [] : [`with ${plain(params.join(' '))}`]),
    `${plain(run.why)} ${dim(agoWords(now - Date.parse(run.createdAt)))}`,
    ...run.causes.map(({ url }) => dim(url)),
    ...(parent === null ? [] : [`${parent.verb} of run ${parent.number}`]),
    '',
    tasks,
    ...(ignored.length === 0 ? [] : ['', ...ignored]),
    ...(people.length === 0 ? [] : ['', ...people]),
    '',
    run.url,
  ].join('\n')
}
