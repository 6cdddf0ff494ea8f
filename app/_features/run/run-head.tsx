'use client'

import Link from 'next/link'
import { took, tookMeans } from '#server/domain/run/took.ts'
import type { RunDetail } from '#server/views/run.ts'
import { CopyIcon, dagPath } from '../../_components/page.tsx'
import { StatusDot } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { WhyWords } from '../../_components/why-not-running.tsx'

/** The answer first, then what the run was made of. */
export function RunHead({ run }: { run: RunDetail }) {
  const length = took(run)
  const params = Object.entries(run.params)
  return (
    <>
      <h1 className="runhead">
        <StatusDot state={run.state} /> {run.cancelling ? 'Cancelling. ' : ''}
        {run.headline}
      </h1>
      {run.whyNotRunning !== null && (
        <p className="waits">
          <WhyWords why={run.whyNotRunning} />
        </p>
      )}
      <div className="now">
        <span>
          <b>v{run.version.number}</b> <span className="sha">{run.version.commit.slice(0, 7)}</span>
          <CopyIcon text={run.version.commit} label="commit" /> {run.version.subject}, {run.version.author}
        </span>
        <span>
          {run.why} <Ago time={run.createdAt} />
        </span>
        {run.causes.map((cause) => (
          <Link
            key={`${cause.run} ${cause.task} ${cause.output}`}
            href={`${dagPath({ ...run.dag, repo: cause.repo, dag: cause.dag })}/runs/${cause.number}`}
            className="strong"
          >
            {cause.repo}/{cause.dag} run {cause.number}
          </Link>
        ))}
        {run.backfill !== null && (
          <Link href={`${dagPath(run.dag)}/backfills?number=${run.backfill.number}`} className="strong">
            backfill {run.backfill.number}
          </Link>
        )}
        {length !== null && (
          <span title={tookMeans}>
            took <b>{durationWords(length)}</b>
          </span>
        )}
        {run.parent !== null && (
          <span>
            {run.parent.verb} of{' '}
            <Link href={`${dagPath(run.dag)}/runs/${run.parent.number}`} className="strong">
              run {run.parent.number}
            </Link>
          </span>
        )}
        <span>
          run {run.number} <CopyIcon text={run.id} label="id of this run" />
        </span>
        {params.length > 0 && (
          <span className="chips">
            {params.map(([name, value]) => (
              <span key={name} className="chip mono">
                {name} = {JSON.stringify(value)}
              </span>
            ))}
          </span>
        )}
      </div>
    </>
  )
}
