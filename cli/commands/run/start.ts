import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { Command } from 'commander'
import type { Json } from '#server/domain/json.ts'
import { dagPath, dagWords, versionOf } from '../../client/addresses.ts'
import { UsageError } from '../../client/failure.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { openBrowser } from '../../print/browser.ts'
import { say, sayJson, warn } from '../../print/output.ts'
import { watchToEnd } from './watch.ts'

interface Options {
  param: Record<string, string>
  paramsFile?: string
  watch?: true
  exitStatus?: true
  web?: true
  json?: true
}

export interface StartedRun {
  id: string
  number: number
  url: string
}

function collected(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`-p ${text} gives no param: write NAME=VALUE.`)
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

async function paramsOfFile(file: string): Promise<Record<string, Json>> {
  const text = await (file === '-' ? textOf(process.stdin) : readFile(file, 'utf8')).catch((error: Error) => {
    throw new UsageError(`The params cannot be read: ${error.message}.`)
  })
  const { parse } = await import('yaml')
  let params: unknown
  try {
    params = parse(text)
  } catch (error) {
    throw new UsageError(`${file} is neither JSON nor YAML: ${(error as Error).message.split('\n')[0]}`)
  }
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw new UsageError(`${file} holds no params: write an object, {"NAME": value}.`)
  return params as Record<string, Json>
}

async function start(text: string, options: Options): Promise<void> {
  const { dag, version } = versionOf(text)
  const fromFile = options.paramsFile === undefined ? {} : await paramsOfFile(options.paramsFile)
  const client = await signedInClient()
  const { checkParams, readParams } = await import('#server/domain/run/params.ts')
  const schema = await client.get<Record<string, Json>>(`${dagPath(dag)}/params`, { version })
  const params = { ...fromFile, ...readParams(schema, options.param) }
  checkParams(schema, params)
  const body = { params, ...(version === null ? {} : { version }) }
  const run = await client.post<StartedRun>(`${dagPath(dag)}/runs`, body)
  if (options.web) openBrowser(run.url)
  if (!options.watch && !options.exitStatus) {
    if (options.json) return sayJson(run)
    return say(`Started run ${run.number} of ${dagWords(dag)}: ${run.url}`)
  }
  warn(`Started run ${run.number} of ${dagWords(dag)}: ${run.url}`)
  await watchToEnd(client, run.id, options)
}

export const runStart = (): Command =>
  new Command('start')
    .description('Start a run of a version; without one, of the version at the tip of the default branch.')
    .argument('<DAG[@VERSION]>')
    .option(
      '-p, --param <NAME=VALUE>',
      'a param, read as its schema has it; may be given again',
      collected,
      {},
    )
    .option('--params-file <FILE>', 'params as JSON or YAML; `-` is stdin; -p comes before them')
    .option('--watch', 'follow it to its end')
    .option('--exit-status', 'follow it to its end, and exit with 1 unless it succeeded')
    .option('--web', 'open its page')
    .action(start)
