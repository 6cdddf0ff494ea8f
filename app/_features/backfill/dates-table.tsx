'use client'

import Link from 'next/link'
import type { BackfillDate } from '#server/views/backfill.ts'
import { dagPath, type DagPlace } from '../../_components/page.tsx'
import { StatusDot, stateWords } from '../../_components/status.tsx'
import { WhyWords } from '../../_components/why-not-running.tsx'
import { inZone, planWords } from './plan-words.ts'

/** Dates with what happens to each, and the run that is there. */
export function DatesTable({
  place,
  dates,
  timezone,
}: {
  place: DagPlace
  dates: BackfillDate[]
  timezone: string
}) {
  return (
    <table className="list">
      <thead>
        <tr>
          <th>Date, {timezone}</th>
          <th>Plan</th>
          <th>Run</th>
        </tr>
      </thead>
      <tbody>
        {dates.map((date) => (
          <tr key={date.logicalDate}>
            <td className="mono">{inZone(date.logicalDate, timezone)}</td>
            <td className={date.plan === 'run' ? '' : 'muted'}>{planWords[date.plan]}</td>
            <td>
              {date.whyNotRunning !== null && date.run === null && (
                <span className="muted">
                  <WhyWords why={date.whyNotRunning} />
                </span>
              )}
              {date.run === null && date.made && <span className="muted">deleted since</span>}
              {date.run !== null && (
                <>
                  <StatusDot state={date.run.state} />{' '}
                  <Link href={`${dagPath(place)}/runs/${date.run.number}`}>run {date.run.number}</Link>{' '}
                  <span className="muted">
                    {stateWords(date.run.state)}
                    {date.whyNotRunning !== null && (
                      <>
                        . <WhyWords why={date.whyNotRunning} />
                      </>
                    )}
                  </span>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
