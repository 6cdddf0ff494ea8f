import { poolCrew } from '../../testing/pool-crew.ts'
import { keepsTheContract } from '../conformance/suite.ts'

// A third of what the process executor carries: each byte goes through HTTP as well. Held, it would not fit.
keepsTheContract('pool', poolCrew, { log: 30e6, output: 300e6, growth: 200 })
