import { poolCrew } from '../../testing/pool-crew.ts'
import { keepsTheContract } from '../conformance/suite.ts'

keepsTheContract('pool', poolCrew)
