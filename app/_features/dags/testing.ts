import type { Grid } from '#server/views/dag.ts'

/** A run of a grid, for tests: it ended after as many seconds as its number. */
export const runOfGrid = (
  number: number,
  version: number,
  state: Grid['runs'][number]['state'],
): Grid['runs'][number] => ({
  id: `run ${number}`,
  number,
  dag: { team: 'main', repo: 'r', dag: 'd' },
  version: {
    id: `version ${version}`,
    number: version,
    commit: 'a',
    subject: '',
    author: '',
    committedAt: '2026-01-01T00:00:00Z',
  },
  state,
  forced: false,
  reason: null,
  message: null,
  cancelling: false,
  trigger: 'manual',
  triggeredBy: null,
  params: {},
  parent: null,
  logicalDate: null,
  intervalStart: null,
  intervalEnd: null,
  why: '',
  causes: [],
  backfill: null,
  createdAt: '2026-01-01T00:00:00Z',
  startedAt: '2026-01-01T00:00:00Z',
  endedAt: `2026-01-01T00:00:0${number}Z`,
  url: '',
})
