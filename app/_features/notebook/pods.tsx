'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Notebook } from '#server/views/version.ts'
import { Fault } from '../../_components/page.tsx'
import { PodYaml } from '../../_components/pod-yaml.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

function PodOfTask({ dag, version, task }: { dag: Notebook['dag']; version: string; task: string }) {
  const trpc = useTRPC()
  const [open, setOpen] = useState(false)
  const { data, error } = useQuery(trpc.dags.pod.queryOptions({ ...dag, version, task }, { enabled: open }))
  return (
    <details className="pad kept" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="muted">Pod of {task}</summary>
      {error !== null && <Fault error={error} />}
      {data !== undefined && <PodYaml pod={data} />}
    </details>
  )
}

/** The pods that tasks of the saved version would be. */
export function Pods({ dag, version, pods }: Pick<Notebook, 'dag' | 'version' | 'pods'>) {
  if (version === null) return null
  return pods.map((task) => <PodOfTask key={task} dag={dag} version={`v${version.number}`} task={task} />)
}
