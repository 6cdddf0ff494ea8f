import { processCrew } from '../../testing/crew.ts'
import { keepsTheContract } from '../conformance/suite.ts'

// The outcomes are the same when every script starts an interpreter of its own.
keepsTheContract('process', (place) => processCrew(place, false))
