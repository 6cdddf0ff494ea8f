import { processCrew } from '../../testing/crew.ts'
import { keepsTheContract } from '../conformance/suite.ts'

// The outcomes are the same when every script starts an interpreter of its own. Logs and outputs go the way that they go
// beside warm ones, where the whole bulk is carried; here a tenth shows that they arrive.
keepsTheContract('process', (place) => processCrew(place, false), { log: 1e7, output: 1e8, growth: 200 })
