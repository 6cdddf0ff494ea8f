/** What the palette finds: pages, DAGs and runs by the words that are typed. */
import type { DagSummary } from '#server/views/dag.ts'

export interface PaletteItem {
  id: string
  kind: 'key' | 'page' | 'dag' | 'run'
  name: string
  /** Said beside the name, and searched as well. */
  more: string
  /** Where it leads; null for what a key of the page does. */
  href: string | null
  state?: DagSummary['lastRuns'][number]['state']
}

/** Items that are shown at most. */
const shown = 50

const pathOf = ({ team, repo, dag }: DagSummary['ref']) => `/${team}/${repo}/${dag}`

function itemsOf(dag: DagSummary): PaletteItem[] {
  const { ref } = dag
  const path = pathOf(ref)
  const place = `${ref.team}/${ref.repo}`
  const page = (name: string, href: string): PaletteItem => ({
    id: href,
    kind: 'page',
    name: `${ref.dag}: ${name}`,
    more: place,
    href,
  })
  const runs = dag.lastRuns.toReversed().map((run): PaletteItem => ({
    id: run.id,
    kind: 'run',
    name: `${ref.dag}: run ${run.number}`,
    more: `v${run.versionNumber}, ${run.state}`,
    href: `${path}/runs/${run.number}`,
    state: run.state,
  }))
  return [
    { id: path, kind: 'dag', name: ref.dag, more: `${place} ${dag.title ?? ''}`.trim(), href: path },
    page('notebook', `${path}/notebook`),
    page('versions', `${path}/versions`),
    page('start a run', `${path}?start=tip`),
    ...runs,
  ]
}

const pages: PaletteItem[] = [
  { id: '/', kind: 'page', name: 'DAGs', more: 'all of them', href: '/' },
  {
    id: '/settings',
    kind: 'page',
    name: 'Settings',
    more: 'tokens, repositories, pools, share links',
    href: '/settings',
  },
]

/** The less, the nearer: a name that is, begins with, has at the start of a word, or somewhere holds each word. */
function distance(item: PaletteItem, words: readonly string[]): number | null {
  const name = item.name.toLowerCase()
  const text = `${name} ${item.more.toLowerCase()}`
  let sum = 0
  for (const word of words) {
    const at = text.indexOf(word)
    if (at < 0) return null
    if (name === word) sum -= 1
    else if (at > 0) sum += /[\s/_:-]/.test(text[at - 1] ?? '') ? 1 : 2
    if (at >= name.length) sum += 2
  }
  return sum
}

/** Items of all DAGs that have every typed word, nearest first; without words the pages and each DAG. `keys` are acts of the page. */
export function findItems(
  typed: string,
  dags: readonly DagSummary[],
  keys: readonly PaletteItem[],
): PaletteItem[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0)
    return [...keys, ...pages, ...dags.flatMap((dag) => itemsOf(dag).slice(0, 1))].slice(0, shown)
  return [...keys, ...pages, ...dags.flatMap(itemsOf)]
    .flatMap((item) => {
      const far = distance(item, words)
      return far === null ? [] : [{ item, far }]
    })
    .toSorted((a, b) => a.far - b.far)
    .slice(0, shown)
    .map(({ item }) => item)
}
