/** The whole configuration, from the environment: one schema, every fault at once, nothing read anywhere else. */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'
import { longestPoolLease, poolLeaseSeconds } from './lease.ts'
import { parseBucketAddress } from './store.ts'

const port = z
  .string()
  .refine((text) => /^\d+$/.test(text) && Number(text) <= 65_535, {
    error: ({ input }) => `is '${String(input)}', which is no port: write a number of 0 to 65535`,
  })
  .transform(Number)

const postgresUrl = z.string().refine((text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text), {
  error: 'is not a Postgres address: write postgres://USER:PASSWORD@HOST:5432/NAME',
})

const headerForm = /^[^=,\s]+=[^,]*(,[^=,\s]+=[^,]*)*$/

const headersOf = (text: string) =>
  Object.fromEntries(
    text.split(',').map((one): [string, string] => {
      const at = one.indexOf('=')
      return [one.slice(0, at), decodeURIComponent(one.slice(at + 1))]
    }),
  )

/** Whether these are headers that can be sent: what node:http refuses would fail with every message. */
function sendable(text: string): boolean {
  try {
    for (const [name, value] of Object.entries(headersOf(text))) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
    return true
  } catch {
    return false
  }
}

/** `NAME=VALUE,NAME=VALUE`, values percent-encoded, as OpenTelemetry has it. */
const headers = z
  .string()
  .refine((text) => headerForm.test(text) && sendable(text), {
    error: 'is no list of headers: write NAME=VALUE,NAME=VALUE with percent-encoded values',
  })
  .transform(headersOf)

const bucket = z.string().transform((text, context) => {
  const address = parseBucketAddress(text)
  if (typeof address !== 'string') return address
  context.addIssue({ code: 'custom', message: address })
  return z.NEVER
})

/** What an operator may set. Names are the field's own; a secret may also come as `NAME_FILE`. */
export const settings = {
  DATABASE_URL: postgresUrl.optional(),
  DAGBOK_DATA_DIR: z.string().min(1).optional(),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: port.default(7310),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  NEXTAUTH_URL: z.url({ protocol: /^https?$/, error: 'is not a web address: write https://HOST' }).optional(),
  NEXTAUTH_SECRET: z.string().min(32, { error: 'is too short: it needs at least 32 characters' }).optional(),
  /** What secrets of teams are sealed with; without it one is made and kept in the data folder. */
  DAGBOK_SECRETS_KEY: z
    .string()
    .min(32, { error: 'is too short: it needs at least 32 characters' })
    .optional(),
  /** Days that runs stay after their end; without it they stay for ever. */
  DAGBOK_KEEP_RUN_DAYS: z.coerce
    .number({ error: 'must be a number of days' })
    .int({ error: 'must be a number of days' })
    .min(1, { error: 'must be 1 or more days' })
    .optional(),
  /** Of an OpenTelemetry collector that takes OTLP over HTTP: runs and attempts are sent there as spans. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'is not a web address: write http://HOST:4318' })
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: headers.optional(),
  /** Bytes that must be free on the disks of the product for new work to start. */
  DAGBOK_MIN_FREE_BYTES: z.coerce
    .number({ error: 'must be a number of bytes' })
    .int({ error: 'must be a whole number of bytes' })
    .min(0, { error: 'must be 0 or more bytes' })
    .default(256_000_000),
  /** Bucket that outputs and logs are kept in; without it they are in the data folder. */
  DAGBOK_STORE: bucket.optional(),
  /** For that bucket; without them what the machine gives by the usual chain of AWS. */
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
  /** Task runs that may be starting or running at once in the whole deployment; without it there is no bound but places. */
  DAGBOK_PARALLELISM: z.coerce
    .number({ error: 'must be a number of tasks' })
    .int({ error: 'must be a whole number of tasks' })
    .min(1, { error: 'must be 1 or more tasks' })
    .optional(),
  /** Who runs tasks that name no executor, nor does their DAG. */
  DAGBOK_EXECUTOR: z
    .enum(['process', 'pool', 'kubernetes'], { error: 'must be process, pool or kubernetes' })
    .default('process'),
  /** A YAML file that says on which clusters tasks may be pods. */
  DAGBOK_CLUSTERS_FILE: z.string().min(1).optional(),
  /** Seconds that a heartbeat of a worker of the pool is good for. */
  DAGBOK_POOL_LEASE_SECONDS: z.coerce
    .number({ error: 'must be a number of seconds' })
    .int({ error: 'must be a whole number of seconds' })
    .min(60, { error: 'must be 60 or more seconds' })
    .max(longestPoolLease, { error: `must be ${longestPoolLease} seconds at most` })
    .default(poolLeaseSeconds),
  DAGBOK_WARM: z.enum(['1', '0'], { error: 'must be 1 or 0' }).default('1'),
  /** Whether tasks may be processes of the product's own machine. */
  DAGBOK_PROCESSES: z.enum(['1', '0'], { error: 'must be 1 or 0' }).default('1'),
  DAGBOK_ALLOW_PROCESS: z.enum(['1', '0'], { error: 'must be 1 or 0' }).default('0'),
} as const

export const secretNames = [
  'DATABASE_URL',
  'NEXTAUTH_SECRET',
  'DAGBOK_SECRETS_KEY',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
] as const

export const settingsSchema = z.object(settings).superRefine((given, context) => {
  if (given.DAGBOK_PROCESSES === '0' && given.DAGBOK_EXECUTOR === 'process')
    context.addIssue({
      code: 'custom',
      path: ['DAGBOK_EXECUTOR'],
      message: 'must be pool or kubernetes where DAGBOK_PROCESSES is 0',
    })
  // Half a key opens nothing, and the chain would go on to look elsewhere.
  const halves = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const
  const missing = halves.filter((name) => given[name] === undefined)
  const [name] = missing
  if (given.DAGBOK_STORE !== undefined && missing.length === 1 && name !== undefined)
    context.addIssue({ code: 'custom', path: [name], message: 'is missing beside the other half of its key' })
})
export type Settings = z.infer<typeof settingsSchema>
