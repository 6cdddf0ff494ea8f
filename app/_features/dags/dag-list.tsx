'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useQueryState } from 'nuqs'
import { useRef } from 'react'
import { formatFault } from '#server/domain/notebook/fault.ts'
import { Copy, Fault, Loading, TopBar } from '../../_components/page.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTitle } from '../../_components/use-title.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { failing, findDags } from './dag-rows.ts'
import { DagTable } from './dag-table.tsx'

/** A repository with a notebook in it, from nothing; `gitUrl` is where the team's repositories are. */
const firstNotebook = (gitUrl: string) => `git init -b main hello && cd hello
cat > hello.dag.md <<'END'
---
dagbok: 1
id: hello
---

# Hello

\`\`\`yaml task
id: greet
\`\`\`
\`\`\`bash script
echo "Hello from version $DAGBOK_VERSION of $DAGBOK_DAG"
\`\`\`
END
git add hello.dag.md && git commit -m "A first notebook"
git push -o run ${gitUrl}/hello.git main`

/** How to begin. */
function Empty({ gitUrl }: { gitUrl: string }) {
  const lines = firstNotebook(gitUrl)
  return (
    <>
      <h1 className="runhead">No DAGs yet</h1>
      <p className="muted">
        A DAG is a Markdown file in a git repository. Make a token under{' '}
        <Link className="strong" href="/settings">
          Settings
        </Link>{' '}
        (it is the password that git asks for, with any user name), then paste this into a shell: it makes a
        repository with one notebook, pushes it and runs it. A repository that you have is pushed to{' '}
        <code className="mono">{gitUrl}/NAME.git</code> likewise.
      </p>
      <pre className="code sunk" tabIndex={0} role="group" aria-label="Commands">
        {lines}
      </pre>
      <Copy text={lines} label="commands" />
    </>
  )
}

/** Every DAG, failing first. */
export function DagList() {
  const trpc = useTRPC()
  const [search, setSearch] = useQueryState('q', { defaultValue: '' })
  const { data, error, refetch } = useQuery(trpc.dags.list.queryOptions({}))
  useLive(['dag:*', 'repository:*'], () => refetch())
  const input = useRef<HTMLInputElement>(null)
  useKeys([{ key: '/', words: 'Search', act: () => input.current?.focus() }])
  const found = findDags(data?.dags ?? [], search)
  const bad = (data?.dags ?? []).filter(failing).length
  useTitle(data === undefined ? null : bad > 0 ? `${bad} failing · DAGs` : 'DAGs')
  return (
    <>
      <TopBar crumbs={[{ name: 'DAGs' }]}>
        {data !== undefined && data.dags.length > 0 && (
          <span className="muted">
            {found.length === data.dags.length ? data.dags.length : `${found.length} of ${data.dags.length}`}
            {bad > 0 ? `, ${bad} failing` : ''}
          </span>
        )}
        <input
          ref={input}
          className="input"
          type="search"
          aria-label="Search DAGs"
          placeholder="Search  /"
          value={search}
          onChange={(event) => void setSearch(event.target.value)}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
      </TopBar>
      <main className="page">
        {error !== null && <Fault error={error} />}
        {data === undefined && error === null && <Loading />}
        {data !== undefined && data.dags.length === 0 && data.broken.length === 0 && (
          <Empty gitUrl={data.gitUrl} />
        )}
        {data !== undefined && data.dags.length > 0 && (
          <div className="sheet">
            {found.length > 0 && <DagTable dags={found} />}
            {found.length === 0 && (
              <p className="muted pad">No DAG has “{search}” in its name, title or tags.</p>
            )}
          </div>
        )}
        {(data?.broken ?? []).map((notebook) => (
          <div className="why" key={`${notebook.repo} ${notebook.path}`}>
            {notebook.team}/{notebook.repo}: {notebook.path} is no DAG yet.
            {notebook.faults.map((fault) => (
              <div key={`${fault.line} ${fault.message}`} className="mono">
                {formatFault(fault)}
              </div>
            ))}
          </div>
        ))}
      </main>
    </>
  )
}
