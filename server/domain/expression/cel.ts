/** CEL by @marcbachmann/cel-js, with the format's rules for numbers: whole and broken ones mix and give broken ones. */
import { Environment, type ASTNode } from '@marcbachmann/cel-js'
import type { Json } from '../json.ts'

const limits = {
  maxAstNodes: 2000,
  maxDepth: 64,
  maxListElements: 1000,
  maxMapEntries: 1000,
  maxCallArguments: 32,
}

function makeEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits,
  })
  const arithmetic: [string, (a: number, b: number) => number][] = [
    ['+', (a, b) => a + b],
    ['-', (a, b) => a - b],
    ['*', (a, b) => a * b],
    ['/', (a, b) => a / b],
  ]
  for (const [operator, apply] of arithmetic) {
    environment.registerOperator(`int ${operator} double`, (a: bigint, b: number) => apply(Number(a), b))
    environment.registerOperator(`double ${operator} int`, (a: number, b: bigint) => apply(a, Number(b)))
  }
  return environment
}

const environment = makeEnvironment()

/** What is wrong with an expression, and where in its source (UTF-16 units), as far as CEL tells. */
export class ExpressionError extends Error {
  readonly offset: number
  constructor(message: string, offset = 0) {
    super(message)
    this.name = 'ExpressionError'
    this.offset = offset
  }
}

const firstLine = (error: unknown) =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)

function offsetOf(error: unknown): number {
  const node = (error as { node?: { pos?: unknown } }).node
  return typeof node?.pos === 'number' ? node.pos : 0
}

export interface Expression {
  ast: ASTNode
  /** `bool`, `int`, … or `dyn` when only a run can tell. */
  type: string
  /** @throws ExpressionError */
  evaluate: (facts: Record<string, unknown>) => unknown
}

/** @throws ExpressionError when it is no CEL, or can never work */
export function parseExpression(source: string): Expression {
  let parsed: ReturnType<Environment['parse']>
  try {
    parsed = environment.parse(source)
  } catch (error) {
    throw new ExpressionError(firstLine(error), offsetOf(error))
  }
  const checked = parsed.check()
  if (!checked.valid) throw new ExpressionError(firstLine(checked.error), offsetOf(checked.error))
  const evaluate = (facts: Record<string, unknown>): unknown => {
    try {
      return parsed(facts) as unknown
    } catch (error) {
      throw new ExpressionError(firstLine(error), offsetOf(error))
    }
  }
  return { ast: parsed.ast, type: checked.type ?? 'dyn', evaluate }
}

/** A JSON value for CEL: whole numbers are ints unless declared otherwise, others doubles. */
export function toCel(value: Json, declared?: 'integer' | 'number'): unknown {
  if (typeof value === 'number')
    return declared !== 'number' && Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item) => toCel(item))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toCel(item)]))
  return value
}

/** What CEL gave, as JSON. @throws ExpressionError for what JSON cannot hold */
export function fromCel(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'bigint') {
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
      throw new ExpressionError(`${value} is too large: beyond 2^53 a number loses digits`)
    return Number(value)
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new ExpressionError('the result is not a finite number')
    return value
  }
  if (Array.isArray(value)) return value.map(fromCel)
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, item]) => [String(name), fromCel(item)]))
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromCel(item)]))
  throw new ExpressionError('the result is not a value that JSON can hold')
}
