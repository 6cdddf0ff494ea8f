import { processCrew } from '../../testing/crew.ts'
import { startsScripts } from '../conformance/suite.ts'

// The outcomes are the same when every script starts an interpreter of its own.
startsScripts('process', (place) => processCrew(place, false))
