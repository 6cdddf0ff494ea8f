/**
 * What the rules leave to how an executor carries an attempt out. A rule that does not hold for one is named here, with the reason:
 * the suite asks this, and nothing else, about whom it tests.
 */

export interface Manner {
  /** Whether a task that names an image runs in it; else it is told that it does without. */
  hasImages: boolean
  /** Whether a task is kept to the processors that it names; else it is told that it does without. */
  hasProcessors: boolean
  /**
   * Whether its first process is the first of its machine, as in a container: Linux keeps from that one every signal that it has not
   * asked for, also its own. It cannot kill itself, and is ended by SIGKILL when its grace is over.
   */
  isInit: boolean
  /**
   * Whether attempts go on without their executor, and are found again by the next one: then none is lost with it, and none ends as
   * `worker_stopped` (tested by itself: `pod-ends.cluster.test.ts`).
   */
  adopts: boolean
  /** Whether it knows what processors and memory were used: a kubelet tells nobody who has no right to its node. */
  measures: boolean
  /** How an attempt ends whose start gate is shut: whoever shut it has the word, or nobody knows why the agent was refused. */
  refused: { state: 'cancelled' | 'lost' }
  /** What is said of a program that is not there. */
  noProgram: string
  /** User and group of tasks, their groups as Python has them, and what they are told of the product's folders. */
  own: { id: string; groups: string; apart: RegExp }
}

export const asProcess: Manner = {
  hasImages: false,
  hasProcessors: false,
  isInit: false,
  adopts: false,
  measures: true,
  refused: { state: 'cancelled' },
  noProgram:
    "'no-such-shell' is not on this machine's search path: install it, or let the task run elsewhere.",
  own: { id: '64101', groups: '[]', apart: /Permission denied/g },
}

export const asPod: Manner = {
  hasImages: true,
  hasProcessors: true,
  isInit: true,
  adopts: true,
  measures: false,
  refused: { state: 'lost' },
  noProgram: 'exec: "no-such-shell": executable file not found in $PATH',
  own: { id: '1000', groups: '[1000]', apart: /No such file or directory/g },
}

/** In a worker that stands in the image: a process, as on a machine, under the pod's only user. */
export const inWorker: Manner = {
  ...asProcess,
  hasImages: true,
  own: { id: '1000', groups: '[1000]', apart: /No such file or directory/g },
}
