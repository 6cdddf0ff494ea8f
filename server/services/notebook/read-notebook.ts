import type { DagRow } from '#db/queries/dag-view.ts'
import { specOf } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { isProgram, type Text } from '../../domain/notebook/program.ts'
import { indexLines } from '../../domain/notebook/line-index.ts'
import { bytesOf } from '../../git/tree.ts'
import type { Notebook } from '../../views/version.ts'
import type { ServiceContext } from '../context.ts'
import { isPod } from '../pod/which-cluster.ts'
import { blobOf, textsBeside } from '../program/printed-texts.ts'
import { notebookTexts } from '../version/notebook-texts.ts'
import { filesIn } from '../version/read-snapshot.ts'
import { withUsedCommits } from '../version/used-commits.ts'
import { versionLabelAtTip } from '../run/views.ts'

type Shown = Pick<Notebook, 'cells' | 'faults' | 'graph'>

/** Cells, faults and graph of a text as if it stood at `path` in the commit `sha`. */
export async function checkNotebook(
  ctx: ServiceContext,
  dag: DagRow,
  sha: string,
  path: string,
  text: string,
): Promise<Shown & { files: Notebook['files'] }> {
  const entries = await ctx.repositories.tree(dag.repositoryId, sha)
  const texts: Map<string, Text> = await notebookTexts(ctx, dag.repositoryId, entries)
  texts.set(path, text)
  const blob = isProgram(path) ? blobOf(text) : ''
  const files = filesIn(entries).map((file) => (blob !== '' && file.path === path ? { ...file, blob } : file))
  const source = { repositoryId: dag.repositoryId, entries: files }
  for (const [program, printed] of await textsBeside(ctx, source, { path, text })) texts.set(program, printed)
  const whole = await withUsedCommits(ctx, ctx.db, { ...source, notebooks: texts, quarantine: null })
  const compiled = await ctx.compiler.text(whole, path)
  const { cells, faults, graph, bundle } = compiled
  const lines = indexLines(text)
  const lineOf = (offset: number) => lines.position(offset).line
  const idOf = (body: string) => /^id:[ \t]*([^\s#]+)/m.exec(body)?.[1] ?? null
  const sizes = new Map([...entries.map(({ path: file, size }) => [file, size] as const), ...whole.sizes])
  return {
    cells: cells.map((cell) => ({
      kind: cell.kind,
      id: cell.kind === 'markdown' ? null : idOf(text.slice(cell.body.start, cell.body.end)),
      start: cell.start,
      end: cell.end,
      startLine: lineOf(cell.start),
      body: { start: cell.body.start, end: cell.body.end },
      script:
        cell.script === null
          ? null
          : {
              lang: cell.script.lang,
              start: cell.script.start,
              end: cell.script.end,
              startLine: lineOf(cell.script.start),
              body: { start: cell.script.body.start, end: cell.script.body.end },
            },
    })),
    faults,
    graph: { tasks: graph },
    files: bundle.map((file) => ({ path: file, size: sizes.get(file) ?? 0 })),
  }
}

/** The notebook at the default branch's tip, which is what an edit begins with. @throws DagbokError `not_found` */
export async function readNotebook(ctx: ServiceContext, dag: DagRow): Promise<Notebook> {
  if (dag.path === null || dag.sha === null || dag.defaultBranch === null)
    throw new DagbokError('not_found', `${dag.name} is not at its repository's default branch any more.`)
  const entries = await ctx.repositories.tree(dag.repositoryId, dag.sha)
  const entry = entries.find(({ path }) => path === dag.path)
  if (entry === undefined)
    throw new DagbokError('not_found', `${dag.name} is not at its repository's default branch any more.`)
  const text = bytesOf(await ctx.repositories.blobs(dag.repositoryId, [entry.blob]), entry).toString('utf8')
  const shown = await checkNotebook(ctx, dag, dag.sha, dag.path, text)
  const spec = dag.versionId === null ? null : await specOf(ctx.db, dag.versionId)
  return {
    dag: { team: dag.team, repo: dag.repo, dag: dag.name },
    path: dag.path,
    branch: dag.defaultBranch,
    sha: dag.sha,
    text,
    version: versionLabelAtTip(dag),
    pods: spec === null ? [] : spec.tasks.filter((task) => isPod(task, ctx)).map(({ id }) => id),
    ...shown,
  }
}
