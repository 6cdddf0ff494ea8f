import { inject } from 'vitest'
import { kubernetesCrew, podBarrier } from '../../testing/kubernetes-crew.ts'
import { asPod } from '../conformance/manner.ts'
import { keepsTheContract } from '../conformance/suite.ts'

// What passes through the API server and the network of a cluster on two processors. Lines of two seconds are held to tell repeated ones.
const bulk = { log: 10e6, output: 100e6, growth: 400 }
keepsTheContract('kubernetes', kubernetesCrew, bulk, {
  image: `${inject('registry')}/workshop:1`,
  barrier: podBarrier,
  manner: asPod,
})
