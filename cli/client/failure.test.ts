import { expect, test } from 'vitest'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { exitCodeOf, exitCodes } from './failure.ts'

test('[S5] what went wrong is said in lines, and what it tells of others moves no cursor', () => {
  const told: string[] = []
  const error = new DagbokError('bad_input', "there is no param '\u001b]52;c;eA==\u0007'\nd.dag.md:1:1 no")
  expect(exitCodeOf(error, (line) => told.push(line))).toBe(exitCodes.failed)
  expect(told).toEqual(["dagbok: there is no param ' ]52;c;eA== '\nd.dag.md:1:1 no"])
})
