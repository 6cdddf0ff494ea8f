/**
 * The check of a pod after its patch: that it is of the Pod Security Standard *restricted*, reaches nothing that its team may
 * not, and that what is ours in it is untouched (S7). Nothing is created that it refuses.
 */
import type { PodFault } from '../fault.ts'
import type { Pod } from '../manifest.ts'
import type { Allowance } from './allowed.ts'
import { formRules } from './form.ts'
import { ourRules } from './ours.ts'
import { reachRules } from './reach.ts'
import { readPod } from './read.ts'
import type { Rule } from './rule.ts'
import { sourceRules } from './sources.ts'
import { standardRules } from './standard.ts'
import { valueRules } from './values.ts'

/** Every rule by its name. */
export const rules: Readonly<Record<string, Rule>> = {
  ...standardRules,
  ...ourRules,
  ...reachRules,
  ...formRules,
  ...valueRules,
  ...sourceRules,
}

/**
 * @param merged what a merge gave, of any shape
 * @param base the pod of the same attempt as made for a task that says nothing of its pod
 */
export function checkPod(
  merged: unknown,
  base: Pod,
  allowance: Allowance,
  by: Readonly<Record<string, Rule>> = rules,
): { pod: Pod; faults: [] } | { pod: null; faults: PodFault[] } {
  const { pod, faults: misshapen } = readPod(merged)
  const found = pod === null ? [] : Object.values(by).flatMap((rule) => rule({ pod, base, allowance }))
  // What is missing because it was left out for another fault is none of its own.
  const own = found.filter(
    ({ path }) => !misshapen.some((other) => path.every((name, i) => name === other.path[i])),
  )
  const faults = [...misshapen, ...own]
  return faults.length === 0 && pod !== null ? { pod, faults: [] } : { pod: null, faults }
}
