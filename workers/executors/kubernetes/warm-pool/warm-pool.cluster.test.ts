/** Workers that a cluster has in the image of their tasks keep the rules of every executor. */
import { inject } from 'vitest'
import { podBarrier, warmCrew } from '../../../testing/kubernetes-crew.ts'
import { inWorker } from '../../conformance/manner.ts'
import { keepsTheContract } from '../../conformance/suite.ts'

const image = `${inject('registry')}/workshop:1`
const bulk = { log: 10e6, output: 100e6, growth: 400 }
keepsTheContract('pool', warmCrew, bulk, {
  image,
  defaults: `, image: "${image}"`,
  barrier: podBarrier,
  manner: inWorker,
})
