/** Whether a server that others reach may have tasks as its processes (S10): whoever reaches it can then do what it can. */
import { isLoopback } from '#server/config/read.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'

/** @param allowed by DAGBOK_ALLOW_PROCESS, or there are no such tasks (DAGBOK_PROCESSES) @throws DagbokError `bad_input` for an address beyond loopback that is not allowed */
export function checkHost(host: string, allowed: boolean): void {
  if (isLoopback(host) || allowed) return
  throw new DagbokError(
    'bad_input',
    `--host ${host} can be reached from other machines, and every author could then do on this one what the server can. Set DAGBOK_ALLOW_PROCESS=1 if that is what you want, or DAGBOK_PROCESSES=0 to run no tasks here, or leave --host out.`,
  )
}
