/**
 * The canonical spec (N9): what a notebook, a `.dag.yaml` or a program compiles to, what is scheduled, and what a
 * version stores. Components are inlined; every duration is in milliseconds; every name is checked.
 */
import { z } from 'zod'
import type { Json } from '../json.ts'
import { taskPodSchema } from '../pod/task-pod.ts'
import { runStrategies, terminalRunStates, triggerRules } from '../run/states.ts'

const json: z.ZodType<Json> = z.json()
const name = z.string()
const ms = z.number().int().nonnegative()

export const toleranceSchema = z.object({
  abs: z.number().nonnegative().optional(),
  rel: z.number().nonnegative().optional(),
})
export type Tolerance = z.infer<typeof toleranceSchema>

/** Where a thing is written: repository path and 1-based line and column. */
export const sourceSchema = z.object({ file: z.string(), line: z.number().int(), column: z.number().int() })
export type Source = z.infer<typeof sourceSchema>

/** Either `cron` or `every` (ms). Versions made before a key was carried out lack it: read them through this. */
export const scheduleSchema = z.object({
  cron: z.string().nullable(),
  every: ms.nullable().default(null),
  /** IANA name. */
  timezone: z.string(),
  semantics: z.enum(['point', 'interval']).default('point'),
  start_date: z.string().nullable(),
  end_date: z.string().nullable(),
  catchup: z.boolean().default(false),
  params: z.record(name, json),
})
export type Schedule = z.infer<typeof scheduleSchema>

/** What else starts it. Other DAGs are of the same team. */
export const triggersSchema = z.object({
  success_of: z.array(z.object({ repo: z.string(), dag: name, ref: z.string().nullable() })),
  outputs: z
    .object({
      mode: z.enum(['all', 'any']),
      of: z.array(z.object({ repo: z.string(), dag: name, task: z.string(), output: name })),
    })
    .nullable(),
  /** `param` takes the body. */
  webhook: z.object({ param: name.nullable() }).nullable(),
})
export type Triggers = z.infer<typeof triggersSchema>
export const noTriggers: Triggers = { success_of: [], outputs: null, webhook: null }

export const outputDeclarationSchema = z.object({
  path: z.string(),
  /** Key columns by which the rows of a table are joined when runs are compared. */
  key: z.array(z.string()),
  tolerance: toleranceSchema.nullable(),
  optional: z.boolean(),
})
export type OutputDeclaration = z.infer<typeof outputDeclarationSchema>

export const metricDeclarationSchema = z.object({
  better: z.enum(['higher', 'lower']).nullable(),
  tolerance: toleranceSchema.nullable(),
})
export type MetricDeclaration = z.infer<typeof metricDeclarationSchema>

export const valueDeclarationSchema = z.object({
  type: z.enum(['string', 'integer', 'number', 'boolean', 'json']).nullable(),
})
export type ValueDeclaration = z.infer<typeof valueDeclarationSchema>

const runEnds = z.array(z.enum(terminalRunStates))
/**
 * The end of another DAG's run of the same logical date: `REPO/DAG`. It goes on once a run has ended in one of
 * `allowed_states`, and fails or is skipped when the newest has ended in one of the others. Versions made before these were
 * carried out lack them: read them through this.
 */
export const awaitedRunSchema = z.object({
  kind: z.literal('run'),
  dag: z.string(),
  allowed_states: runEnds.default(['succeeded']),
  failed_states: runEnds.default([]),
  skipped_states: runEnds.default([]),
})
export type AwaitedRun = z.infer<typeof awaitedRunSchema>

/** What a task does. A script's text is never interpolated; `command` and `args` are rendered when it starts. */
export const actionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('script'),
    lang: z.string(),
    text: z.string(),
    /** The program, with its arguments, that runs it instead of the interpreter of its language. */
    shell: z.array(z.string()).optional(),
    source: sourceSchema,
  }),
  /** `path` is the repository path of the script file. */
  z.object({ kind: z.literal('script_file'), path: z.string() }),
  z.object({ kind: z.literal('command'), command: z.array(z.string()) }),
  /** What its image does by itself: only a pod has one. */
  z.object({ kind: z.literal('image') }),
  /** A person's answer; `form` is a JSON Schema per field, and the answer becomes the task's values. */
  z.object({
    kind: z.literal('approve'),
    message: z.string().nullable(),
    form: z.record(name, z.record(z.string(), json)),
    timeout: ms,
    on_timeout: z.enum(['fail', 'skip']),
  }),
  /** Waits without holding anything. `until` is a time, or text with `${{ }}` that gives one. */
  z.object({
    kind: z.literal('wait'),
    for: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('duration'), ms }),
      z.object({ kind: z.literal('until'), template: z.string() }),
      awaitedRunSchema,
    ]),
    timeout: ms,
    on_timeout: z.enum(['fail', 'skip']),
  }),
])
export type Action = z.infer<typeof actionSchema>

/** What an input is, with components already seen through. */
export const inputSchema = z.discriminatedUnion('kind', [
  /** An output of a task; of an expanded one a folder with all items', unless the two join cells. */
  z.object({ kind: z.literal('output'), task: z.string(), output: name }),
  /** A file of the bundle, by repository path. */
  z.object({ kind: z.literal('file'), path: z.string() }),
  /** Text with `${{ }}`, evaluated in `scope` when the task starts. */
  z.object({ kind: z.literal('value'), template: z.string(), scope: z.string() }),
])
export type Input = z.infer<typeof inputSchema>

/** One cell of a task's matrix, in declared order. `key` is `alpha=0.1,k=5`. */
export const matrixItemSchema = z.object({ key: z.string(), values: z.record(name, json) })
export type MatrixItem = z.infer<typeof matrixItemSchema>

export const taskSchema = z.object({
  /** `train`, or `clean.tidy` for a task that a component brought. */
  id: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  /** The scope its expressions are evaluated in: `''` for the notebook, else a component group's id. */
  scope: z.string(),
  /** Ids of tasks of this spec (component needs already expanded to their leaves). */
  needs: z.array(z.string()),
  trigger_rule: z.enum(triggerRules),
  /** Expanded when the run is there: `over` is a list or a number of items, or `lines(tasks.X.outputs.Y)`. */
  map: z
    .object({
      over: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('expression'), source: z.string(), scope: z.string() }),
        z.object({ kind: z.literal('lines'), task: z.string(), output: name }),
      ]),
      /** Text with `${{ item… }}` that gives an item's key. */
      key: z.string().nullable(),
      max_parallel: z.number().int().positive().nullable(),
    })
    .nullable(),
  /** CEL sources, outermost component first; all must be true. Each is evaluated in the scope named beside it. */
  if: z.array(
    z.object({
      scope: z.string(),
      expression: z.string(),
      /** Whether it reads the item of a `map`: then it is asked for each, after the expansion. */
      per_item: z.boolean(),
    }),
  ),
  action: actionSchema,
  args: z.array(z.string()),
  /** Repository path of the folder of the notebook that declares the task; `''` is the root. */
  folder: z.string(),
  matrix: z.array(matrixItemSchema).nullable(),
  /** The innermost component group whose matrix it carries: tasks of the same one join equal keys instead of folding. */
  joined: z.string().nullable(),
  /**
   * Where it has a matrix of its own beside that, or several components with one are around it: each of those groups,
   * outermost first, with the key of each item's cell. Read it by `joinsOf`.
   */
  joins: z.array(z.object({ group: z.string(), keys: z.array(z.string()) })).optional(),
  inputs: z.record(name, inputSchema),
  outputs: z.record(name, outputDeclarationSchema),
  metrics: z.record(name, metricDeclarationSchema),
  values: z.record(name, valueDeclarationSchema),
  env: z.record(z.string(), z.string()),
  /** Names of the team's secrets that it gets as variables. */
  secrets: z.array(z.string()).optional(),
  image: z.string().nullable(),
  executor: z.enum(['process', 'pool', 'kubernetes']).nullable(),
  /** Of a task that is a pod, what it says of that. */
  pod: taskPodSchema.optional(),
  resources: z.object({ cpu: z.number().nullable(), memory: z.number().int().nullable() }),
  timeout: ms.nullable(),
  retries: z.number().int().nonnegative(),
  retry_delay: ms,
  retry_backoff: z.object({
    factor: z.number().min(1),
    max: ms.nullable(),
    jitter: z.number().min(0).max(1),
  }),
  infrastructure_retries: z.number().int().nonnegative(),
  /** CEL source over `exit_code`, `reason`, `attempt`: whether a failure is tried again. */
  retry_if: z.string().nullable(),
  skip_exit_codes: z.array(z.number().int()),
  fail_exit_codes: z.array(z.number().int()),
  /** The command is asked again and again; an exit code of `not_ready_exit_codes` means: later. */
  poll: z.object({ every: ms, timeout: ms, not_ready_exit_codes: z.array(z.number().int()) }).nullable(),
  start_timeout: ms.nullable(),
  queue_timeout: ms,
  deadline: ms.nullable(),
  cleanup_timeout: ms,
  allow_failure: z.boolean(),
  finally: z.boolean(),
  /** Ids of tasks whose set-up this is. */
  setup_for: z.array(z.string()),
  /** Ids of the set-ups that this undoes. */
  teardown_for: z.array(z.string()),
  /** Of a teardown: what stands between it and its set-ups, beside its needs. */
  between: z.array(z.string()),
  latest_only: z.boolean(),
  depends_on_past: z.boolean(),
  pool: z.string().nullable(),
  slots: z.number().int().positive(),
  priority: z.number().int(),
  queue: z.string().nullable(),
  effects: z.string().nullable(),
  renamed_from: z.string().nullable(),
  source: sourceSchema,
})
export type Task = z.infer<typeof taskSchema>

/** A component, inlined: a group of tasks with the scope in which their `params` and `inputs` are read. */
export const groupSchema = z.object({
  id: z.string(),
  title: z.string().nullable(),
  /** The scope that `with` is evaluated in: `''` or another group's id. */
  parent: z.string(),
  /** Repository path of the component's notebook. */
  path: z.string(),
  /** JSON in which every text may hold `${{ }}`, evaluated in the parent's scope. */
  params: z.record(name, json),
  /** The types that its params declare, where numbers need one. */
  param_types: z.record(name, z.enum(['integer', 'number'])),
  source: sourceSchema,
})
export type Group = z.infer<typeof groupSchema>

export const testSchema = z.object({
  id: z.string(),
  kind: z.enum(['unit', 'orchestration', 'acceptance']),
  body: json,
  source: sourceSchema,
})
export type TestCell = z.infer<typeof testSchema>

export const paramSchema = z.object({
  /** JSON Schema of the param (draft 2020-12), as written. */
  schema: z.record(z.string(), json),
  required: z.boolean(),
})
export type Param = z.infer<typeof paramSchema>

export const specSchema = z.object({
  dagbok: z.literal(1),
  id: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  kind: z.enum(['dag', 'component']),
  schedule: z.array(scheduleSchema),
  on: triggersSchema.default(noTriggers),
  params: z.record(name, paramSchema),
  limits: z.object({
    max_active_runs: z.number().int().positive(),
    max_active_tasks: z.number().int().positive().nullable(),
    run_timeout: ms.nullable(),
    strategy: z.enum(runStrategies),
  }),
  tags: z.array(z.string()),
  owners: z.array(z.string()),
  /** In document order. */
  tasks: z.array(taskSchema),
  groups: z.array(groupSchema),
  tests: z.array(testSchema),
  /**
   * Names in the order in which the author wrote them, for forms: a database keeps the keys of an object in an order of its
   * own. `forms` has those of each task that asks a person. Versions made before have none.
   */
  order: z.object({ params: z.array(name), forms: z.record(z.string(), z.array(name)) }).optional(),
  /** `x-*` keys of the front matter, kept as written. */
  extensions: z.record(z.string(), json),
})
export type Spec = z.infer<typeof specSchema>
