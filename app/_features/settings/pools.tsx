'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Pool } from '#server/views/pool.ts'
import { Fault } from '../../_components/page.tsx'
import { Words } from '../../_components/words.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'

interface TeamPools {
  team: string
  mayWrite: boolean
}

interface SlotsProps {
  label: string
  slots: string
  onChange: (slots: string) => void
  /** Id of the form that it belongs to, where that does not hold it. */
  form?: string
}

function SlotsField({ label, slots, onChange, form }: SlotsProps) {
  return (
    <input
      className="input slots"
      type="number"
      min={0}
      max={1_000_000}
      required
      form={form}
      aria-label={label}
      value={slots}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

/** One pool; its slots are a field for whoever may change them. */
function PoolRow({ team, mayWrite, pool }: TeamPools & { pool: Pool }) {
  const trpc = useTRPC()
  const [slots, setSlots] = useState<string | null>(null)
  const save = useMutation(trpc.pools.save.mutationOptions({ onSuccess: () => setSlots(null) }))
  const remove = useMutation(trpc.pools.remove.mutationOptions())
  const form = `slots-${team}-${pool.name}`
  const error = save.error ?? remove.error
  return (
    <tr>
      <td className="strong mono">
        {pool.name}
        {error !== null && <Fault error={error} />}
      </td>
      <td className="num">
        {mayWrite ? (
          <SlotsField
            form={form}
            label={`Slots of ${pool.name}`}
            slots={slots ?? String(pool.slots)}
            onChange={setSlots}
          />
        ) : (
          pool.slots
        )}
      </td>
      <td className="num">{pool.used}</td>
      <td className="num">{pool.queued}</td>
      {mayWrite && (
        <td>
          <form
            id={form}
            className="actions"
            onSubmit={(event) => {
              event.preventDefault()
              save.mutate({ team, name: pool.name, slots: Number(slots) })
            }}
          >
            <button
              type="submit"
              className="btn"
              aria-label={`Set slots of ${pool.name}`}
              disabled={save.isPending || slots === null || slots === String(pool.slots)}
            >
              Set
            </button>
            <button
              type="button"
              className="btn ghost danger"
              aria-label={`Delete pool ${pool.name}`}
              disabled={remove.isPending}
              onClick={() => remove.mutate({ team, name: pool.name })}
            >
              Delete
            </button>
          </form>
        </td>
      )}
    </tr>
  )
}

function NewPool({ team }: { team: string }) {
  const trpc = useTRPC()
  const [name, setName] = useState('')
  const [slots, setSlots] = useState('1')
  const save = useMutation(trpc.pools.save.mutationOptions({ onSuccess: () => setName('') }))
  return (
    <form
      className="pad"
      aria-label={`New pool of ${team}`}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({ team, name, slots: Number(slots) })
      }}
    >
      <input
        className="input"
        required
        aria-label="Name of the pool"
        placeholder="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />{' '}
      <SlotsField label="Slots" slots={slots} onChange={setSlots} />{' '}
      <button type="submit" className="btn" disabled={save.isPending}>
        Make a pool
      </button>
      {save.error !== null && <Fault error={save.error} />}
    </form>
  )
}

/** Slots that tasks of a team's DAGs share: how many there are, are held and are wanted. */
export function Pools({ team, mayWrite }: TeamPools) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(trpc.pools.list.queryOptions({ team }))
  useLive(['pool:*', 'dag:*'], () => refetch())
  return (
    <section className="sheet" aria-label={`Pools of ${team}`} id="pools">
      <header>
        <h2>Pools</h2>
        <span className="muted">
          <Words text={`slots that tasks with \`pool: NAME\` share, in team ${team}`} />
        </span>
      </header>
      {mayWrite && <NewPool team={team} />}
      {error !== null && <Fault error={error} />}
      {data?.length === 0 && (
        <p className="muted pad">No pools. A task that names one waits until it is there.</p>
      )}
      {data !== undefined && data.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th>Pool</th>
              <th className="num">Slots</th>
              <th className="num">Held</th>
              <th className="num">Wanted</th>
              {mayWrite && <th aria-label="Actions" />}
            </tr>
          </thead>
          <tbody>
            {data.map((pool) => (
              <PoolRow key={pool.name} team={team} mayWrite={mayWrite} pool={pool} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
