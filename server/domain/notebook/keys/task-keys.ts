import { terminalRunStates, triggerRules } from '../../run/states.ts'
import { mostOfTask, secretNamePattern } from '../../secret/secret.ts'
import {
  anything,
  boolean,
  duration,
  either,
  expression,
  key,
  list,
  name,
  named,
  object,
  positive,
  scalar,
  text,
  tolerance,
  type Key,
} from './key.ts'
import { podKeys } from './pod-keys.ts'

const strings = list(text)
const environment = {
  type: 'object',
  propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
  additionalProperties: scalar,
}
const output = either(text, object({ path: text, key: list(text), tolerance, optional: boolean }, ['path']))
const backoff = object({
  factor: { type: 'number', minimum: 1 },
  max: duration,
  jitter: { type: 'number', minimum: 0, maximum: 1 },
})
const memory = either({ type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$' }, positive)
const cpu = either(
  { type: 'string', pattern: '^([0-9]+m|[0-9]+(\\.[0-9]+)?)$' },
  { type: 'number', exclusiveMinimum: 0 },
)
/** Memory is a bound everywhere, processors are one of a pod; all else is asked of a cluster. */
const resources = {
  ...object({ cpu, memory, ephemeral_storage: memory }),
  patternProperties: { '/': { type: ['string', 'integer'], minimum: 0 } },
}
const codes = list({ type: 'integer', minimum: 0, maximum: 255 })
const end = { type: 'string', enum: [...terminalRunStates] }
const ends = list(end, { uniqueItems: true })
const onTimeout = { type: 'string', enum: ['fail', 'skip'] }

/** Every key of a task cell, in the order of the documentation. */
export const taskKeys: readonly Key[] = [
  key(
    'id',
    name,
    'name',
    'Its name in the DAG: what `needs` and expressions refer to, and what joins it across versions.',
  ),
  key('title', text, 'text', 'What people read instead of the id.'),
  key('description', text, 'text', 'A sentence or two that the panel of its task runs shows.'),
  key('needs', list(text, { uniqueItems: true }), 'list of task ids', 'The tasks before it.', {
    default: '[]',
  }),
  key(
    'trigger_rule',
    { type: 'string', enum: [...triggerRules] },
    'rule',
    'When it starts, by the states of what it needs.',
    { default: 'all_success' },
  ),
  key('if', expression, 'expression', 'It is skipped when this is false.'),
  key(
    'script',
    either(text, object({ lang: text, text }, ['lang', 'text'])),
    'path, or {lang, text}',
    'A script of the bundle; in a notebook an inline script is the fence after the cell instead.',
  ),
  key(
    'command',
    list(text, { minItems: 1 }),
    'list of texts',
    'A program and its first arguments, run without a shell. `$(DAGBOK_IN_TABLE)` is replaced by that variable, `$$(` is `$(`.',
  ),
  key('args', strings, 'list of texts', 'Arguments after those of `command`, or of the script.', {
    default: '[]',
  }),
  key(
    'uses',
    text,
    'path',
    'A component (`./components/clean.dag.md`), or one of another repository of the team (`TEAM/REPO/path@SHA`), inlined when the DAG is compiled.',
  ),
  key('with', named(anything), 'name → value', 'Params and inputs of the component.'),
  key(
    'matrix',
    { ...named(list(scalar, { minItems: 1 })), minProperties: 1 },
    'name → list of values',
    'One item per combination, known when the DAG is compiled; at most 10,000.',
  ),
  key(
    'map',
    either(text, object({ over: text, key: text, max_parallel: positive }, ['over'])),
    'expression, or {over, key, max_parallel}',
    'One item per element of a list that is known when the run is there, or of `lines(tasks.x.outputs.f)`; each is `item`, at `index`.',
  ),
  key(
    'inputs',
    named(text),
    'name → expression',
    'Files of other tasks, of the bundle, or values; each is at `DAGBOK_IN_NAME`.',
  ),
  key(
    'outputs',
    named(output),
    'name → path, or {path, key, tolerance, optional}',
    'Files it leaves in `DAGBOK_OUT`. `key` are the columns that join the rows of a table when runs are compared.',
  ),
  key(
    'metrics',
    named(object({ better: { type: 'string', enum: ['higher', 'lower'] }, tolerance })),
    'name → {better, tolerance}',
    'Figures it appends to `DAGBOK_METRICS`, and which way is better.',
  ),
  key(
    'values',
    named(object({ type: { type: 'string', enum: ['string', 'integer', 'number', 'boolean', 'json'] } })),
    'name → {type}',
    'Small results it appends to `DAGBOK_VALUES`.',
  ),
  key('env', environment, 'NAME → value', 'Environment variables.'),
  key(
    'executor',
    { type: 'string', enum: ['process', 'pool', 'kubernetes'] },
    'executor',
    `Who runs it: \`process\` is this machine, \`pool\` the workers of its \`queue\`, \`kubernetes\` a pod of its own.`,
    { default: "the deployment's" },
  ),
  key(
    'image',
    text,
    'image',
    'The container image. `process` runs without it, and so does `pool` where no cluster has workers for it; they say so.',
  ),
  key(
    'resources',
    resources,
    '{cpu, memory, ephemeral_storage, …}',
    'What it may use: `500m` or 2 processors, `512Mi` or bytes of memory. A pod asks for as much, and for the resources of a cluster, too: `nvidia.com/gpu: 1`. `process` and `pool` keep it to its memory; of processors it has what is there, and they say so.',
  ),
  key('timeout', duration, 'duration', 'The longest an attempt may take.'),
  key(
    'retries',
    { type: 'integer', minimum: 0, maximum: 100 },
    'number',
    'How often it is tried again after its own failure.',
    { default: '0' },
  ),
  key('retry_delay', duration, 'duration', 'The wait before the first retry.', { default: '0s' }),
  key(
    'retry_backoff',
    backoff,
    '{factor, max, jitter}',
    'Each wait is `factor` times the one before, `max` at most, spread by ± `jitter` of itself.',
    { default: '{factor: 1, jitter: 0}' },
  ),
  key(
    'infrastructure_retries',
    { type: 'integer', minimum: 0, maximum: 100 },
    'number',
    'How often it is tried again when it was not its own fault.',
    { default: '3' },
  ),
  key('allow_failure', boolean, 'true or false', 'Its failure does not fail the run.', { default: 'false' }),
  key(
    'renamed_from',
    name,
    'name',
    'The id it had before, for the difference between versions, for Fork, and for its rows in comparisons. What is in a component goes with the cell that is renamed. An id that both versions have is the same task.',
  ),
  key(
    'approve',
    either(
      text,
      object({ message: text, form: named({ type: 'object' }), timeout: duration, on_timeout: onTimeout }),
    ),
    'text, or {message, form, timeout, on_timeout}',
    "A person's answer, which it waits for; the fields of `form` (a JSON Schema each) become its values.",
    { default: '{timeout: 7d, on_timeout: fail}' },
  ),
  key(
    'wait',
    either(
      text,
      object({
        for: duration,
        until: text,
        run: text,
        allowed_states: list(end, { uniqueItems: true, minItems: 1 }),
        failed_states: ends,
        skipped_states: ends,
        timeout: duration,
        on_timeout: onTimeout,
      }),
    ),
    'duration, or {for, until, run, allowed_states, failed_states, skipped_states, timeout, on_timeout}',
    'Waits without holding anything: for a time, until a moment (RFC 3339), or for the end of the run of another DAG (`REPO/DAG`) with the same logical date: see [waiting for another DAG](triggers.md#waiting-for-the-run-of-another-dag).',
    { default: '{allowed_states: [succeeded], timeout: 7d, on_timeout: fail}' },
  ),
  key(
    'poll',
    object({ every: duration, timeout: duration, not_ready_exit_codes: codes }),
    '{every, timeout, not_ready_exit_codes}',
    'Its command is asked again and again until it does not end with one of these codes; between two looks it holds nothing.',
    { default: '{every: 1m, timeout: 7d, not_ready_exit_codes: [1]}' },
  ),
  key(
    'secrets',
    list({ type: 'string', pattern: secretNamePattern }, { maxItems: mostOfTask }),
    'list of names',
    'Secrets of the team, each as the environment variable of its name: see [secrets](secrets.md).',
  ),
  key(
    'shell',
    either({ type: 'string', pattern: '\\S' }, list({ type: 'string', minLength: 1 }, { minItems: 1 })),
    'program, or list of a program and its arguments',
    'What runs an inline script instead of the default for its language, which may then be any: it is given the path of the script after its arguments.',
  ),
  ...podKeys,
  key('start_timeout', duration, 'duration', 'The longest it may take to start.'),
  key(
    'queue_timeout',
    duration,
    'duration',
    'The longest it may be queued, or held back by `depends_on_past`.',
    { default: '7d' },
  ),
  key('deadline', duration, 'duration', 'The longest all attempts together may take.'),
  key(
    'cleanup_timeout',
    duration,
    'duration',
    'Of clean-up: the longest it may take in a run that is cancelled.',
    {
      default: '10m',
    },
  ),
  key(
    'retry_if',
    text,
    'expression',
    'Whether a failure of its own is tried again: reads `exit_code` (-1 without one), `reason`, `attempt`.',
  ),
  key('skip_exit_codes', codes, 'list of exit codes', 'It is skipped when it ends with one of these.', {
    default: '[]',
  }),
  key(
    'fail_exit_codes',
    codes,
    'list of exit codes',
    'It is not tried again when it ends with one of these.',
    { default: '[]' },
  ),
  key('pool', name, 'name', 'The pool of the team whose slots it takes.'),
  key('slots', positive, 'number', 'How many slots of its pool.', { default: '1' }),
  key(
    'priority',
    { type: 'integer', minimum: -1000, maximum: 1000 },
    'number',
    'Higher goes first; of equals, tasks of runs that have fewest under way, by turns.',
    {
      default: '0',
    },
  ),
  key(
    'setup_for',
    strings,
    'list of task ids',
    'It makes what these need: they wait for its success, whatever their rule.',
  ),
  key(
    'teardown_for',
    strings,
    'list of task ids',
    'The set-ups that it undoes: it runs once everything between is over, if one of them succeeded, also in a cancelled run.',
  ),
  key('finally', boolean, 'true or false', 'It runs last, whatever happened, also in a cancelled run.', {
    default: 'false',
  }),
  key(
    'latest_only',
    boolean,
    'true or false',
    'In a run that a schedule or a backfill made it is skipped when a newer tick of that schedule is due.',
    {
      default: 'false',
    },
  ),
  key(
    'depends_on_past',
    boolean,
    'true or false',
    'It waits until it has succeeded, or was skipped, in the scheduled run before.',
    { default: 'false' },
  ),
  key('effects', text, 'text', 'What it changes outside the run, in words, beside its `description`.'),
  key('queue', name, 'name', 'With `executor: pool`: the workers that may take it are those of this queue.', {
    default: '`default`',
  }),
]
