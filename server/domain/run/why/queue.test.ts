import { expect, test } from 'vitest'
import { whyQueued, type Holder, type QueueFacts } from './queue.ts'
import { wordsOf } from './sentence.ts'
import { freeQueue } from './testing.ts'

const holder = (run: number, task = 'train', key: string | null = null): Holder => ({
  repo: 'r',
  dag: 'iris',
  run,
  task,
  key,
})
const facts = (more: Partial<QueueFacts>): QueueFacts => ({ ...freeQueue, ...more })
const pool = (slots: number | null, used: number, holders: Holder[] = []) => ({
  name: 'gpu',
  slots,
  used,
  holders,
  holding: holders.length,
})

test.each<[string, Partial<QueueFacts>, string]>([
  ['no worker', { schedulers: 0 }, 'No worker of this Dagbok is alive: nothing starts until one is.'],
  [
    'room on a disk',
    { full: { place: 'the data folder', free: 1e6, least: 2e6 }, maxActiveTasks: 1, activeTasks: 1 },
    'The disk of the data folder is full: 1.0 MB are free, and new work starts from 2.0 MB on. Make room there, and it goes on by itself.',
  ],
  [
    'a queue without a worker',
    { queue: 'gpu', workers: { alive: 0, places: 0, taken: 0, holders: [] } },
    'No worker serves its queue gpu: start one with `dagbok worker --queue gpu`.',
  ],
  [
    'a machine of the product that runs tasks',
    { queue: null, processes: false },
    'This Dagbok runs no tasks on its own machine: give the task `executor: kubernetes`, or `pool`, in a new version.',
  ],
  [
    'a worker of the product’s own machine',
    { queue: null, workers: { alive: 0, places: 0, taken: 0, holders: [] } },
    'No worker of this Dagbok is alive: nothing starts until one is.',
  ],
  [
    'a cluster that is not there',
    { queue: '@gpu', workers: { alive: 0, places: 0, taken: 0, holders: [] } },
    'Nobody looks after a cluster gpu: whoever runs this Dagbok adds it to the file that DAGBOK_CLUSTERS_FILE names.',
  ],
  [
    'a worker of its image, of which nothing is known yet',
    { queue: '~gpu~0123456789abcdef', workers: { alive: 0, places: 0, taken: 0, holders: [] } },
    'Cluster gpu is asked for a worker of its image.',
  ],
  [
    'workers in images, which its cluster has no more',
    { queue: '~gpu~0123456789abcdef', warm: 'none', workers: { alive: 0, places: 0, taken: 0, holders: [] } },
    'Cluster gpu has no workers in images any more: cancel the run, and start it anew.',
  ],
  [
    'a worker of its image that is being started',
    {
      queue: '~gpu~0123456789abcdef',
      workers: { alive: 0, places: 0, taken: 0, holders: [] },
      warm: { image: 'python:3', ready: 0, held: null },
    },
    'Cluster gpu starts a worker of python:3.',
  ],
  [
    'a worker of an image that cannot be pulled',
    {
      queue: '~gpu~0123456789abcdef',
      workers: { alive: 0, places: 0, taken: 0, holders: [] },
      warm: { image: 'pyhton:3', ready: 0, held: 'There is no image pyhton:3.' },
    },
    'Cluster gpu has no worker of pyhton:3 yet. There is no image pyhton:3.',
  ],
  [
    'a place of the workers of its image',
    {
      queue: '~gpu~0123456789abcdef',
      workers: { alive: 2, places: 8, taken: 8, holders: [holder(4)] },
      warm: { image: 'python:3', ready: 2, held: 'No node could take it: 0/2 nodes are available.' },
    },
    'Nothing is free: 8 of 8 places of the 2 workers of its image (No node could take it: 0/2 nodes are available.) are taken by iris run 4 train and 7 more.',
  ],
  [
    'a place of a cluster',
    { queue: '@gpu', workers: { alive: 1, places: 2, taken: 2, holders: [holder(4), holder(5)] } },
    'As many pods of cluster gpu run as may at once: 2 of 2, of iris run 4 train and iris run 5 train.',
  ],
  [
    'a queue whose workers all have full disks',
    { fullMachine: { machine: 'gpu-1', disk: { place: 'the worker’s folder', free: 1e6, least: 2e6 } } },
    'Nothing starts on gpu-1 now. The disk of the worker’s folder is full: 1.0 MB are free, and new work starts from 2.0 MB on. Make room there, and it goes on by itself.',
  ],
  [
    'max_parallel',
    { maxParallel: 2, activeItems: 2, activeItemHolders: ['a', 'b'].map((key) => ({ task: 'each', key })) },
    'As many items of it run as may at once (max_parallel 2): each (a) and each (b).',
  ],
  [
    'max_active_tasks',
    { maxActiveTasks: 5, activeTasks: 5, activeHolders: [holder(1), holder(1, 'fit', 'k=1'), holder(2)] },
    'As many tasks of this version of iris run as may at once (max_active_tasks 5): iris run 1 train, iris run 1 fit (k=1), iris run 2 train and 2 more.',
  ],
  [
    'the parallelism of the deployment',
    { parallelism: 4, everywhere: 4, everywhereHolders: [holder(1)], pool: pool(null, 0) },
    'As many tasks of this Dagbok run as may at once (DAGBOK_PARALLELISM 4): iris run 1 train and 3 more.',
  ],
  [
    'the parallelism of the deployment, which others use up',
    { parallelism: 2, everywhere: 3 },
    'As many tasks of this Dagbok run as may at once (DAGBOK_PARALLELISM 2): tasks of other teams.',
  ],
  [
    'a pool that is not there',
    { pool: pool(null, 0) },
    'There is no pool gpu: it waits until somebody makes it.',
  ],
  [
    'a pool that is too small',
    { pool: pool(2, 0), slots: 3 },
    'It takes 3 slots of pool gpu, which has 2: it waits until the pool has more.',
  ],
  [
    'a full pool',
    { pool: pool(2, 2, [holder(4)]) },
    'The pool gpu is full: 2 of 2 slots are held by iris run 4 train.',
  ],
  [
    'a pool with too little room',
    { pool: pool(4, 2, [holder(4)]), slots: 3 },
    'The pool gpu has 2 free, and it takes 3: 2 of 4 slots are held by iris run 4 train.',
  ],
  [
    'a pool that was made smaller',
    { pool: pool(1, 2, [holder(4)]) },
    'The pool gpu is full: 2 of 1 slots are held by iris run 4 train.',
  ],
  [
    'a place',
    { workers: { alive: 1, places: 1, taken: 1, holders: [holder(4)] } },
    'Nothing is free: 1 of 1 places of the worker are taken by iris run 4 train.',
  ],
  [
    'a place of several',
    { workers: { alive: 2, places: 8, taken: 8, holders: [holder(4), holder(5)] } },
    'Nothing is free: 8 of 8 places of 2 workers are taken by iris run 4 train, iris run 5 train and 6 more.',
  ],
  [
    'a place of its queue',
    { queue: 'gpu', workers: { alive: 1, places: 2, taken: 2, holders: [holder(4), holder(5)] } },
    'Nothing is free: 2 of 2 places of the worker that serves its queue gpu are taken by iris run 4 train and iris run 5 train.',
  ],
  [
    'a place that others hold',
    { queue: 'gpu', workers: { alive: 2, places: 2, taken: 2, holders: [] } },
    'Nothing is free: 2 of 2 places of the 2 workers that serve its queue gpu are taken by tasks of other teams.',
  ],
  [
    'nothing',
    { pool: pool(2, 1, [holder(4)]), maxActiveTasks: 2, activeTasks: 1 },
    'A worker takes it in a moment.',
  ],
])('what waits in the queue for %s says so', (_, more, says) => {
  expect(wordsOf(whyQueued(facts(more)))).toBe(says)
})

test('whoever holds the slots, and the pools, are links', () => {
  const why = whyQueued(facts({ pool: pool(1, 1, [holder(4, 'fit', 'k=1')]) }))
  expect(why.filter((part) => typeof part === 'object')).toEqual([
    { text: 'pool gpu', to: { kind: 'pools' } },
    {
      text: 'iris run 4 fit (k=1)',
      to: { kind: 'run', repo: 'r', dag: 'iris', number: 4, task: 'fit', key: 'k=1' },
    },
  ])
})
