/** What a deployment says of one of its clusters. Pure. */

/** What whoever looks after a cluster found when it asked it last. */
export interface ClusterReport {
  /** Address of its API server; null: the kubeconfig does not say. */
  server: string | null
  /** `v1.33.2`; null: it did not answer. */
  version: string | null
  /** What is wrong, in a sentence; null: nothing. */
  fault: string | null
  /** By the queue of an image, with its team, what there is of workers for what lies there; not there: it has none. */
  pools?: Record<string, WarmReport>
}

/** Workers of one image. */
export interface WarmReport {
  /** null: that is not known. */
  image: string | null
  /** How many are at work. */
  ready: number
  /** Why no more are, in a sentence; null: nothing is known to be wrong. */
  held: string | null
}

export interface ClusterStanding extends Omit<ClusterReport, 'pools'> {
  name: string
  /** null: that is not known. */
  reachable: boolean | null
}

/** @param heard null: nobody looks after it */
export function standingOf(name: string, heard: { report: ClusterReport | null } | null): ClusterStanding {
  const unknown = { name, server: null, version: null, reachable: null }
  if (heard === null)
    return {
      ...unknown,
      fault: 'Nobody looks after it: the worker process of this Dagbok has not been heard of for a minute.',
    }
  if (heard.report === null) return { ...unknown, fault: 'It has not been asked yet.' }
  const { server, version, fault } = heard.report
  return { name, server, version, fault, reachable: version !== null }
}

/** Who answers there, or why nobody does. */
export function standingWords({ version, fault }: Pick<ClusterReport, 'version' | 'fault'>): string {
  const answers = version === null ? null : `Kubernetes ${version} answers.`
  return [answers, fault].filter((part) => part !== null).join(' ')
}

/** An address without what it may hold for whoever asks there. */
export function plainAddress(server: string): string {
  if (!URL.canParse(server)) return server.replace(/\/\/[^/@]*@/, '//')
  const { origin, pathname } = new URL(server)
  return `${origin}${pathname.replace(/\/$/, '')}`
}
