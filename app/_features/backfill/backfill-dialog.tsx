'use client'

import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Json } from '#server/domain/json.ts'
import type { Range } from '#server/views/backfill.ts'
import type { DagDetail } from '#server/views/dag.ts'
import { Modal } from '../../_components/dialog.tsx'
import { Fault, type DagPlace } from '../../_components/page.tsx'
import { VersionSelect } from '../../_components/version-select.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { ParamsForm } from '../../_components/params-form.tsx'
import { readParams } from '../../_components/params.ts'
import { DatesPager, datesAtOnce } from './dates-pager.tsx'
import { DatesTable } from './dates-table.tsx'

const reprocessWords: Record<Range['reprocess'], string> = {
  none: 'nothing: leave dates that have a run',
  failed: 'what did not succeed',
  completed: 'all that has ended',
}

interface Form extends Required<Omit<Range, 'version'>> {
  version: string
  concurrency: number
}

const before = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

function Fields({
  form,
  schedules,
  place,
  set,
}: {
  form: Form
  schedules: DagDetail['schedule']
  place: DagPlace
  set: (more: Partial<Form>) => void
}) {
  const trpc = useTRPC()
  const versions = useQuery(trpc.dags.versions.queryOptions(place))
  return (
    <>
      <VersionSelect
        versions={versions.data ?? []}
        value={form.version}
        first="the default branch’s"
        onChange={(version) => set({ version })}
      />
      {schedules.length > 1 && (
        <label className="field">
          <span>Schedule</span>
          <select
            className="input"
            value={form.schedule}
            onChange={(event) => set({ schedule: Number(event.target.value) })}
          >
            {schedules.map(({ key }, i) => (
              <option key={key} value={i + 1}>
                {key}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="pair">
        {(['from', 'to'] as const).map((name) => (
          <label className="field" key={name}>
            <span>{name === 'from' ? 'From' : 'To, included'}</span>
            <input
              className="input"
              required
              placeholder="2026-01-31"
              value={form[name]}
              onChange={(event) => set({ [name]: event.target.value })}
            />
          </label>
        ))}
      </div>
      <label className="field">
        <span>Run again</span>
        <select
          className="input"
          value={form.reprocess}
          onChange={(event) => set({ reprocess: event.target.value as Range['reprocess'] })}
        >
          {Object.entries(reprocessWords).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <div className="pair">
        <label className="field">
          <span>Order</span>
          <select
            className="input"
            value={form.order}
            onChange={(event) => set({ order: event.target.value as Range['order'] })}
          >
            <option value="oldest">oldest first</option>
            <option value="newest">newest first</option>
          </select>
        </label>
        <label className="field">
          <span>Runs at once</span>
          <input
            className="input"
            type="number"
            min={1}
            max={1000}
            required
            value={form.concurrency}
            onChange={(event) => set({ concurrency: Number(event.target.value) })}
          />
        </label>
      </div>
    </>
  )
}

/** What it would do, as the form stands. */
function DryRun({ place, range }: { place: DagPlace; range: Range }) {
  const trpc = useTRPC()
  const asked = JSON.stringify(range)
  // Another range begins at its first date.
  const [moved, setMoved] = useState({ asked, offset: 0 })
  const offset = moved.asked === asked ? moved.offset : 0
  const preview = useQuery({
    ...trpc.backfills.preview.queryOptions({ ...place, ...range, offset, limit: datesAtOnce }),
    placeholderData: keepPreviousData,
    retry: false,
  })
  if (preview.error !== null) return <Fault error={preview.error} />
  if (preview.data === undefined) return null
  const { dates, plans, page, timezone, schedule, version } = preview.data
  return (
    <section aria-label="Dry run" className="sheet" style={{ maxHeight: '30vh' }}>
      <header>
        <b>
          {plans.run ?? 0} run{plans.run === 1 ? '' : 's'}
        </b>
        <span className="muted">
          of {dates} dates of {schedule}, v{version}
        </span>
      </header>
      <DatesTable place={place} dates={page} timezone={timezone} />
      <DatesPager offset={offset} all={dates} onMove={(to) => setMoved({ asked, offset: to })} />
    </section>
  )
}

/** A backfill, with the list of what it would do. */
export function BackfillDialog({
  place,
  schedules,
  onClose,
}: {
  place: DagPlace
  schedules: DagDetail['schedule']
  onClose: () => void
}) {
  const trpc = useTRPC()
  const [form, setForm] = useState<Form>({
    version: '',
    schedule: 1,
    from: before(7),
    to: before(0),
    reprocess: 'none',
    order: 'oldest',
    concurrency: 4,
  })
  const [texts, setTexts] = useState<Record<string, string>>({})
  const { version, concurrency, ...rest } = form
  const named = version === '' ? {} : { version }
  // What the schedule gives stands in the form; what is not changed there is not sent, and stays the schedule's.
  const schema = useQuery({
    ...trpc.dags.params.queryOptions({ ...place, ...named, schedule: form.schedule }),
    placeholderData: keepPreviousData,
    retry: false,
  })
  const properties = (schema.data?.['properties'] ?? {}) as Record<string, Record<string, Json>>
  const create = useMutation(trpc.backfills.create.mutationOptions({ onSuccess: onClose }))
  const range = { ...rest, ...named }
  return (
    <Modal open wide title={`Backfill ${place.dag}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          create.mutate({ ...place, ...range, concurrency, params: readParams(properties, texts) })
        }}
      >
        <Fields
          form={form}
          schedules={schedules}
          place={place}
          set={(more) => setForm({ ...form, ...more })}
        />
        <ParamsForm
          properties={properties}
          texts={texts}
          onChange={(name, text) => setTexts({ ...texts, [name]: text })}
        />
        <DryRun place={place} range={range} />
        {create.error !== null && <Fault error={create.error} />}
        <div className="actions">
          <button type="button" className="btn ghost" onClick={onClose}>
            Close
          </button>
          <button type="submit" className="btn primary" disabled={create.isPending}>
            Backfill
          </button>
        </div>
      </form>
    </Modal>
  )
}
