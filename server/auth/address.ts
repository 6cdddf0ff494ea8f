/** Which requests are meant for this server: a page of another site must not reach it by a name of its own (S11). */

const isLocal = (hostname: string) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

/** Whether `Host` names this server. On loopback every loopback name does, at the same port. */
export function allowsHost(publicUrl: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false
  const own = new URL(publicUrl)
  const asked = new URL(`${own.protocol}//${host}`)
  return (
    asked.host === own.host || (isLocal(own.hostname) && isLocal(asked.hostname) && asked.port === own.port)
  )
}

/** Whether a request that changes something comes from our own pages, or from no page at all (CLI, git). */
export function allowsOrigin(publicUrl: string, method: string, origin: string | undefined): boolean {
  if (origin === undefined || method === 'GET' || method === 'HEAD') return true
  return (
    URL.canParse(origin) &&
    allowsHost(publicUrl, new URL(origin).host) &&
    new URL(origin).protocol === new URL(publicUrl).protocol
  )
}
