/** A pod, as YAML that `kubectl` reads: what is said of it stands in comments. */
import type { PodView } from '#server/views/pod.ts'
import { exitCodes } from '../client/failure.ts'
import { plain, say, sayJson, warn } from './output.ts'

const comment = (text: string): string => `# ${plain(text)}`

const eventWords = ({ at, reason, message }: PodView['events'][number]): string =>
  [at ?? '', reason, message ?? ''].filter((part) => part !== '').join('  ')

const logWords = ({ container, text }: PodView['logs'][number]): string[] => [
  comment(`The end of the log of the container ${container}:`),
  ...text
    .trimEnd()
    .split('\n')
    .map((line) => comment(`  ${line}`)),
]

/** @returns null where there is none */
export function podText({ yaml, says, open, events, logs }: PodView): string | null {
  if (yaml === null) return null
  return [
    comment(says),
    ...open.map(({ source, why }) => comment(`‹${source}› is known later: ${why}`)),
    yaml.trimEnd(),
    ...events.map((event) => comment(eventWords(event))),
    ...logs.flatMap(logWords),
  ].join('\n')
}

/** Where there is none it says why, and the command fails. */
export function sayPod(pod: PodView, { json }: { json?: true }): void {
  const text = podText(pod)
  if (json) sayJson(pod)
  else if (text === null) warn(plain(pod.says))
  else say(text)
  if (text === null) process.exitCode = exitCodes.failed
}
