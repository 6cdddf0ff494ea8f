/** Figures in words, the same in pages and in the command line. */

/** `420 ms`, `12.4 s`, `3 min 05 s`, `2 h 10 min`. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** `just now`, `5 s ago`, `in 3 h`; negative is ahead. */
export function agoWords(ms: number): string {
  const ahead = ms < 0
  const seconds = Math.abs(ms) / 1000
  if (seconds < 1) return ahead ? 'now' : 'just now'
  const [n, unit] =
    seconds < 60
      ? [seconds, 's']
      : seconds < 3600
        ? [seconds / 60, 'min']
        : seconds < 86_400
          ? [seconds / 3600, 'h']
          : [seconds / 86_400, 'd']
  return ahead ? `in ${Math.round(n)} ${unit}` : `${Math.round(n)} ${unit} ago`
}

/** The machine in the name of a worker's host, which has its folder after it. */
export const machineOf = (host: string): string => host.split(':')[0] ?? host

/** How a worker of the pool is, besides when it was heard. */
export const workerWords = ({
  draining,
  silent,
  full,
}: {
  draining: boolean
  silent: boolean
  full: object | null
}): string => {
  if (silent) return 'does not answer'
  if (draining) return 'takes nothing new'
  return full === null ? 'there' : 'its disk is full'
}

/** `512 B`, `1.5 kB`, `2.0 MB`, `1.25 GB`. */
export const sizeWords = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}
