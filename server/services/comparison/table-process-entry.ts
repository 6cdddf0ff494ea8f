/** What runs in the process of `TableProcess`. */
import { compareTables, type TablePair } from './table-comparer.ts'
import type { ProcessAnswer } from './table-process.ts'

function answer(pair: TablePair): ProcessAnswer {
  try {
    return { diff: compareTables(pair) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

process.on('message', (pair: TablePair) => process.send?.(answer(pair)))
