/** Whose pools, webhooks: the option that they share. */
import type { Command } from 'commander'
import { firstTeam } from '../../client/addresses.ts'

export const withTeam = (command: Command): Command =>
  command.option('--team <TEAM>', `whose (default: ${firstTeam})`, firstTeam)

export const poolsPath = (team: string): string => `/teams/${encodeURIComponent(team)}/pools`
export const poolPath = (team: string, name: string): string =>
  `${poolsPath(team)}/${encodeURIComponent(name)}`
