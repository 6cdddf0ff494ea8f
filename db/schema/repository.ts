/** Repositories, what was pushed to them, the DAGs in them and their versions. Git objects are on disk; facts are here. */
import {
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
  type AnyPgColumn,
} from 'drizzle-orm/pg-core'
import type { Fault } from '#server/domain/notebook/fault.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { BundleEntry } from '#server/domain/version/bundle.ts'
import type { RefUpdate } from '#server/domain/version/ref-update.ts'
import { createdAt, id, time } from './columns.ts'
import { team, user } from './team.ts'

export const repository = pgTable(
  'repository',
  {
    id: id(),
    teamId: uuid('team_id')
      .notNull()
      .references(() => team.id),
    name: text('name').notNull(),
    /** Short name; null until the first branch is pushed. It is the protected branch. */
    defaultBranch: text('default_branch'),
    createdAt: createdAt(),
  },
  (t) => [unique('repository_name').on(t.teamId, t.name)],
)

/** A ref as the reconciler last saw it. */
export const gitRef = pgTable(
  'git_ref',
  {
    repositoryId: uuid('repository_id')
      .notNull()
      .references(() => repository.id, { onDelete: 'cascade' }),
    /** Full name, `refs/heads/main`. */
    name: text('name').notNull(),
    sha: text('sha').notNull(),
    seenAt: time('seen_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.repositoryId, t.name] })],
)

/** A push as its pre-receive hook recorded it; the reconciler carries out what follows from it exactly once. */
export const push = pgTable('push', {
  id: id(),
  repositoryId: uuid('repository_id')
    .notNull()
    .references(() => repository.id, { onDelete: 'cascade' }),
  userId: uuid('user_id').references(() => user.id),
  options: jsonb('options').$type<string[]>().notNull(),
  updates: jsonb('updates').$type<RefUpdate[]>().notNull(),
  state: text('state', { enum: ['checked', 'rejected', 'reconciled', 'abandoned'] }).notNull(),
  /** What post-receive prints, line by line, once reconciled. */
  report: jsonb('report').$type<string[]>(),
  createdAt: createdAt(),
  reconciledAt: time('reconciled_at'),
})

export const dag = pgTable(
  'dag',
  {
    id: id(),
    repositoryId: uuid('repository_id')
      .notNull()
      .references(() => repository.id, { onDelete: 'cascade' }),
    /** The notebook's `id`. */
    name: text('name').notNull(),
    /** The number the next new version gets. */
    nextNumber: integer('next_number').notNull().default(1),
    /** The number the next run gets. */
    nextRunNumber: integer('next_run_number').notNull().default(1),
    /** While it is set, neither the clock nor another DAG starts a run. */
    pausedAt: time('paused_at'),
    pausedBy: uuid('paused_by').references(() => user.id),
    /** The version whose schedules and triggers hold, as they were last taken over. */
    scheduledVersionId: uuid('scheduled_version_id').references((): AnyPgColumn => version.id, {
      onDelete: 'set null',
    }),
    /** When it first had a schedule: what is added later starts with its change, and catches nothing up. */
    scheduledSince: time('scheduled_since'),
    createdAt: createdAt(),
  },
  (t) => [unique('dag_name').on(t.repositoryId, t.name)],
)

/** An immutable bundle of a DAG, numbered in the order first seen. Rows are inserted, never changed. */
export const version = pgTable(
  'version',
  {
    id: id(),
    dagId: uuid('dag_id')
      .notNull()
      .references(() => dag.id, { onDelete: 'cascade' }),
    number: integer('number').notNull(),
    /** SHA-256 (hex) of the canonical bundle list. */
    bundleHash: text('bundle_hash').notNull(),
    bundle: jsonb('bundle').$type<BundleEntry[]>().notNull(),
    /** Repository path of the notebook. */
    path: text('path').notNull(),
    spec: jsonb('spec').$type<Spec>().notNull(),
    /** Where the packed bundle is in the artifact store; null until it is first needed. */
    packHash: text('pack_hash'),
    /** The commit it was first seen in. */
    commitSha: text('commit_sha').notNull(),
    authorName: text('author_name').notNull(),
    authorEmail: text('author_email').notNull(),
    /** First line of the commit's message. */
    subject: text('subject').notNull(),
    committedAt: time('committed_at').notNull(),
    createdAt: createdAt(),
  },
  (t) => [unique('version_number').on(t.dagId, t.number), unique('version_bundle').on(t.dagId, t.bundleHash)],
)

/** What an image of a version was pulled as: of several, the first is what its later attempts are given (N10). */
export const versionImage = pgTable(
  'version_image',
  {
    versionId: uuid('version_id')
      .notNull()
      .references(() => version.id, { onDelete: 'cascade' }),
    /** As its tasks have it, without a digest. */
    image: text('image').notNull(),
    /** `sha256:…` */
    digest: text('digest').notNull(),
    /** The cluster whose kubelet told it. */
    cluster: text('cluster').notNull(),
    seenAt: time('seen_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.versionId, t.image, t.digest] }),
    index('version_image_image').on(t.image),
  ],
)

/** Every commit that was looked at and holds this version. */
export const versionCommit = pgTable(
  'version_commit',
  {
    versionId: uuid('version_id')
      .notNull()
      .references(() => version.id, { onDelete: 'cascade' }),
    sha: text('sha').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.versionId, t.sha] }), index('version_commit_sha').on(t.sha)],
)

/** What a ref's tip says of a DAG: its version, or the faults that keep it from being one. */
export const dagRef = pgTable(
  'dag_ref',
  {
    repositoryId: uuid('repository_id')
      .notNull()
      .references(() => repository.id, { onDelete: 'cascade' }),
    ref: text('ref').notNull(),
    /** Repository path of the notebook. */
    path: text('path').notNull(),
    sha: text('sha').notNull(),
    dagId: uuid('dag_id').references(() => dag.id, { onDelete: 'cascade' }),
    versionId: uuid('version_id').references(() => version.id, { onDelete: 'cascade' }),
    faults: jsonb('faults').$type<Fault[]>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.repositoryId, t.ref, t.path] }), index('dag_ref_dag').on(t.dagId)],
)
