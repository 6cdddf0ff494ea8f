/** What the agent in a task's pod is told. */
import { z } from 'zod'

const schema = z.object({
  /** Where the control plane is: `https://dagbok.example`. */
  DAGBOK_ADDRESS: z.url({ protocol: /^https?$/ }),
  DAGBOK_ATTEMPT_ID: z.uuid(),
  DAGBOK_POD_UID: z.string().min(1),
  /** Of this attempt only. */
  DAGBOK_TOKEN: z.string().min(1),
})

export interface AgentSettings {
  address: string
  attemptId: string
  podUid: string
  token: string
}

/** @throws Error that names what is missing */
export function agentSettings(): AgentSettings {
  const given = schema.safeParse(process.env)
  if (!given.success)
    throw new Error(`the agent is started by a pod of Dagbok: ${z.prettifyError(given.error)}`)
  const { DAGBOK_ADDRESS, DAGBOK_ATTEMPT_ID, DAGBOK_POD_UID, DAGBOK_TOKEN } = given.data
  return {
    address: DAGBOK_ADDRESS,
    attemptId: DAGBOK_ATTEMPT_ID,
    podUid: DAGBOK_POD_UID,
    token: DAGBOK_TOKEN,
  }
}
