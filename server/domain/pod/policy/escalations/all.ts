/** For tests: every escalation. */
import type { Escalation } from './escalation.ts'
import { againstForm } from './form.ts'
import { againstOurs } from './ours.ts'
import { againstReach } from './reach.ts'
import { againstStandard } from './standard.ts'

export const escalations: readonly Escalation[] = [
  ...againstStandard,
  ...againstOurs,
  ...againstReach,
  ...againstForm,
]
