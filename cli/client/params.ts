/** Params and fields as a command line gives them: `-p NAME=VALUE`, again and again, or a file. */
import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type { Json } from '#server/domain/json.ts'
import type { RestClient } from './rest-client.ts'
import { dagPath } from './addresses.ts'
import { UsageError } from './failure.ts'
import type { DagRef } from '#server/views/common.ts'

/** Gathers `NAME=VALUE`. @throws UsageError */
export function collected(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`'${text}' gives no param: write NAME=VALUE.`)
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** An object of a file in JSON or YAML; `-` is stdin. @throws UsageError */
export async function paramsOfFile(file: string): Promise<Record<string, Json>> {
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

/** What a command line gives as params. */
export interface GivenParams {
  param: Record<string, string>
  paramsFile?: string
}

/** The params that are given, those of `-p` read as the version's schema has them, with that schema. */
export async function givenParams(
  client: RestClient,
  dag: DagRef,
  version: string | null,
  { param, paramsFile }: GivenParams,
): Promise<{ params: Record<string, Json>; schema: Record<string, Json> }> {
  const fromFile = paramsFile === undefined ? {} : await paramsOfFile(paramsFile)
  const { readParams } = await import('#server/domain/run/params.ts')
  const schema = await client.get<Record<string, Json>>(`${dagPath(dag)}/params`, { version })
  return { params: { ...fromFile, ...readParams(schema, param) }, schema }
}
