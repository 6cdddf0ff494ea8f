import { processCrew } from '../../testing/crew.ts'
import { keepsTheContract } from '../conformance/suite.ts'

keepsTheContract('process', processCrew)
