/** What an attempt was given, as it is kept: once, with the attempt, and never again for the next one. Pure. */
import { assertNever } from '../errors/errors.ts'
import { keptText, mapTexts, type Json } from '../json.ts'
import { masked, noSecrets, SecretMatcher } from '../secret/secret-matcher.ts'

const secretName =
  /(^|_)(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|(API|ACCESS|PRIVATE)_?KEY)(_|$)/i
/** A secret shorter than this would be found everywhere. */
const shortest = 4
/** Characters of one text, and items of one list, that are kept. */
const longestText = 20_000
const mostItems = 1000

/** Whether a variable of this name holds a secret. */
export const isSecret = (name: string): boolean => secretName.test(name)

/**
 * Takes the values of secret variables out of a text, wherever they stand.
 * @param given secrets of the team: in each form that they may have
 */
export function maskerOf(
  env: Readonly<Record<string, string>>,
  given: SecretMatcher = noSecrets,
): (text: string) => string {
  const secrets = Object.entries(env)
    .flatMap(([name, value]) => (isSecret(name) && value.length >= shortest ? [value] : []))
    .toSorted((a, b) => b.length - a.length)
  return (text) => secrets.reduce((left, secret) => left.replaceAll(secret, masked), given.without(text))
}

export interface GivenBlob {
  path: string
  /** SHA-256, hex. */
  hash: string
  size: number
}

export type GivenInput =
  | ({ kind: 'file' } & GivenBlob)
  /** `items` are the first of `count`. */
  | { kind: 'folder'; count: number; items: (GivenBlob & { key: string })[] }
  /** A file of the version. */
  | { kind: 'repository_file'; path: string }
  | { kind: 'json'; value: Json }
  | { kind: 'missing'; task: string; output: string }

export interface Given {
  params: Record<string, Json>
  /** Rendered. A script's text is the version's; `lang` is its `shell`, where that runs it. */
  action:
    | { kind: 'script'; lang: string; args: string[] }
    | { kind: 'script_file'; path: string; args: string[] }
    | { kind: 'command'; command: string[]; args: string[] }
    | { kind: 'image'; args: string[] }
  /** Without the paths that only its executor knows. */
  env: Record<string, string>
  inputs: Record<string, GivenInput>
  /** Repository path of its working directory. */
  folder: string
  /** ms; null is without. */
  timeout: number | null
  startTimeout: number | null
  /** Bytes; null is without a limit. */
  memory: number | null
}

type Folder = { kind: 'folder'; items: (GivenBlob & { key: string })[] }
/** The same with whole folders, as an executor gets it. */
export type Handed = Omit<Given, 'inputs' | 'action'> & {
  secrets?: Record<string, string>
  action: Given['action'] & { shell?: readonly string[] | undefined }
  inputs: Record<string, Exclude<GivenInput, { kind: 'folder' }> | Folder>
}

const cut = (text: string): string =>
  text.length <= longestText
    ? text
    : `${text.slice(0, longestText)}… (${text.length - longestText} characters more)`

const inJson = (json: Json, text: (text: string) => string): Json => mapTexts(json, text, keptText)

function keptAction(action: Handed['action'], texts: (all: readonly string[]) => string[]): Given['action'] {
  const args = texts(action.args)
  switch (action.kind) {
    case 'command':
      return { kind: 'command', command: texts(action.command), args }
    case 'script':
      return { kind: 'script', lang: action.shell?.join(' ') ?? action.lang, args }
    case 'script_file':
      return { kind: 'script_file', path: action.path, args }
    case 'image':
      return { kind: 'image', args }
    default:
      return assertNever(action)
  }
}

/** The words that it is begun with, before its arguments; none of an image alone. */
export function programOf(action: Given['action']): readonly string[] {
  switch (action.kind) {
    case 'command':
      return action.command
    case 'script':
      return [action.lang]
    case 'script_file':
      return [action.path]
    case 'image':
      return []
    default:
      return assertNever(action)
  }
}

/** What is kept of what an attempt was given: without secrets, of bounded length, and nothing that a database refuses. */
export const recordOf = (given: Handed): Given =>
  inJson(bounded(given) as unknown as Json, keptText) as unknown as Given

function bounded(given: Handed): Given {
  const { secrets = {} } = given
  const mask = maskerOf(given.env, new SecretMatcher(Object.values(secrets)))
  const hidden = Object.keys(secrets).map((name) => [name, masked])
  const text = (one: string) => cut(mask(one))
  const texts = (list: readonly string[]) => list.slice(0, mostItems).map(text)
  const { action, folder, timeout, startTimeout, memory } = given
  return {
    folder,
    timeout,
    startTimeout,
    memory,
    params: Object.fromEntries(Object.entries(given.params).map(([name, one]) => [name, inJson(one, text)])),
    action: keptAction(action, texts),
    env: {
      ...Object.fromEntries(
        Object.entries(given.env).map(([name, value]) => [name, isSecret(name) ? masked : text(value)]),
      ),
      ...Object.fromEntries(hidden),
    },
    inputs: Object.fromEntries(
      Object.entries(given.inputs).map(([name, input]): [string, GivenInput] => {
        if (input.kind === 'json') return [name, { kind: 'json', value: inJson(input.value, text) }]
        if (input.kind !== 'folder') return [name, input]
        return [name, { kind: 'folder', count: input.items.length, items: input.items.slice(0, mostItems) }]
      }),
    ),
  }
}

export interface AttemptTimes {
  created: string
  submitted: string | null
  started: string | null
  ended: string | null
}

/** What happened to an attempt, in order. `at` is RFC 3339. */
export interface AttemptEvent {
  at: string
  what: string
}

/** @param how how it ended, in words */
export function attemptEvents(
  { created, submitted, started, ended }: AttemptTimes,
  worker: string,
  how: string,
  others: readonly AttemptEvent[],
): AttemptEvent[] {
  const own = [
    { at: created, what: `Claimed for ${worker}.` },
    ...(submitted === null
      ? []
      : [{ at: submitted, what: 'Its process was ready and waited for its start gate.' }]),
    ...(started === null ? [] : [{ at: started, what: 'The start gate was passed: its code began.' }]),
    ...(ended === null ? [] : [{ at: ended, what: how }]),
  ]
  return [...own, ...others].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}
