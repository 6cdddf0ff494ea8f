import { Command, InvalidArgumentError } from 'commander'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'
import { poolPath, withTeam } from './team.ts'

function slotsOf(text: string): number {
  const slots = Number(text)
  if (text.trim() === '' || !Number.isInteger(slots) || slots < 0 || slots > 1_000_000)
    throw new InvalidArgumentError('Give a number from 0 to 1000000; with 0 nothing of it starts.')
  return slots
}

export const poolSet = (): Command =>
  withTeam(
    new Command('set')
      .description('Make a pool, or give it another number of slots. What holds slots goes on.')
      .argument('<NAME>')
      .argument('<SLOTS>', 'how many', slotsOf),
  ).action(async (name: string, slots: number, { team, json }: { team: string; json?: true }) => {
    const answer = await (await signedInClient()).put<object>(poolPath(team, name), { slots })
    if (json) return sayJson(answer)
    say(`Pool ${name} of ${team} has ${slots} slots.`)
  })
