import { runStrategies } from '../../run/states.ts'
import {
  anything,
  boolean,
  duration,
  either,
  key,
  list,
  name,
  named,
  object,
  positive,
  text,
  type Key,
} from './key.ts'
import { taskKeys } from './task-keys.ts'

const later = { isCarried: false } as const
const strings = list(text)

const schedule = object({
  cron: text,
  every: duration,
  timezone: text,
  semantics: { type: 'string', enum: ['point', 'interval'] },
  start_date: text,
  end_date: text,
  catchup: boolean,
  params: named(anything),
})
const limits = object({
  max_active_runs: positive,
  max_active_tasks: positive,
  run_timeout: duration,
  strategy: {
    type: 'string',
    enum: [...runStrategies],
  },
})
const on = object({
  success_of: either(text, strings),
  outputs: object({ all: strings, any: strings }),
  webhook: either(boolean, object({ param: name })),
})

/** What a task's key may have a default for: everything but what makes it this task. */
const ownKeys = [
  'id',
  'title',
  'description',
  'needs',
  'script',
  'command',
  'uses',
  'with',
  'matrix',
  'map',
  'inputs',
  'outputs',
  'renamed_from',
  'approve',
  'wait',
  'poll',
  'setup_for',
  'teardown_for',
  'finally',
]
export const defaultableKeys: readonly Key[] = taskKeys.filter((taskKey) => !ownKeys.includes(taskKey.name))
const defaults = object(Object.fromEntries(defaultableKeys.map((taskKey) => [taskKey.name, taskKey.schema])))

/** Every key of the front matter, in the order of the documentation. */
export const frontMatterKeys: readonly Key[] = [
  key('dagbok', { const: 1 }, '1', 'The version of the format.'),
  key('id', name, 'name', "The DAG's name in its repository: another id is another DAG."),
  key('title', text, 'text', 'What people read instead of the id.'),
  key('description', text, 'text', 'A sentence or two for its page.'),
  key(
    'kind',
    { type: 'string', enum: ['dag', 'component'] },
    'dag or component',
    'A component is inlined where a task `uses` it.',
    { default: 'dag' },
  ),
  key(
    'schedule',
    either(schedule, list(schedule)),
    '{cron or every, timezone, semantics, start_date, end_date, catchup, params}, or a list of them',
    'When it runs by itself: see [schedules](schedules.md).',
  ),
  key(
    'on',
    on,
    '{success_of, outputs: {all or any}, webhook: true or {param}}',
    'What else starts it: see [triggers](triggers.md).',
  ),
  key(
    'params',
    named({ type: ['object', 'boolean'] }),
    'name → JSON Schema',
    'What a run may be given; each is `DAGBOK_PARAM_NAME`.',
  ),
  key(
    'inputs',
    named(either(text, object({ default: text, description: text }))),
    'name → {default}',
    "A component's input files.",
  ),
  key('outputs', named(text), 'name → expression', "A component's outputs."),
  key(
    'include',
    strings,
    'list of globs',
    "More files of the bundle, from the notebook's folder; `../` within the repository is allowed.",
  ),
  key('defaults', defaults, 'task keys', 'What every task has unless it says otherwise.'),
  key(
    'limits',
    limits,
    '{max_active_runs, max_active_tasks, run_timeout, strategy}',
    'How much of a version of it at once, and what a run that is due while others are active does.',
    { default: '{max_active_runs: 16, strategy: parallel}' },
  ),
  key('tags', strings, 'list of texts', 'Words to find it by.'),
  key('owners', strings, 'list of texts', 'Who answers for it, shown on its page.'),
  key('notify', anything, 'a list', 'Who is told what.', later),
]
