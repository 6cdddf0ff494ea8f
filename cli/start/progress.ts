/** What is said while something takes its time: one line that changes on a terminal, else a line now and then. */

/** Seconds between two lines of one stage where no line can change. */
const quietFor = 15

export interface Screen {
  isTTY?: boolean
  write: (text: string) => unknown
}

/** Stages of Next's build, by the line that begins each. */
const stages: readonly [RegExp, string][] = [
  [/Creating an optimized production build/, 'compiling'],
  [/Compiled successfully/, 'compiled'],
  [/Collecting page data/, 'collecting page data'],
  [/Generating static pages/, 'generating static pages'],
  [/Finalizing page optimization/, 'finishing'],
]

/** The stage that a line of Next's begins; null for all else it says. */
export const buildStage = (line: string): string | null =>
  stages.find(([begins]) => begins.test(line))?.[1] ?? null

export class Progress {
  readonly #screen: Screen
  readonly #name: string
  #stage = 'looking for changes'
  #said = 0

  constructor(screen: Screen, name: string) {
    this.#screen = screen
    this.#name = name.padEnd(9)
  }

  /** Another stage was reached, after so many seconds. */
  reach(stage: string, seconds: number): void {
    if (stage === this.#stage) return
    this.#stage = stage
    this.#say(seconds)
  }

  /** Time has gone on. */
  tick(seconds: number): void {
    if (this.#screen.isTTY === true || seconds - this.#said >= quietFor) this.#say(seconds)
  }

  /** Takes a line that changes away: what came of it is said next. */
  end(): void {
    if (this.#screen.isTTY === true) this.#screen.write('\r\u001b[K')
  }

  #say(seconds: number): void {
    this.#said = seconds
    const words = `${this.#name} ${this.#stage}, ${Math.floor(seconds)} s so far`
    this.#screen.write(this.#screen.isTTY === true ? `\r\u001b[K${words}` : `${words}\n`)
  }
}

/** Says how far `work` is, each second, until it is over. */
export async function withProgress<T>(
  progress: Progress,
  work: (reach: (stage: string) => void) => Promise<T>,
): Promise<T> {
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  const timer = setInterval(() => progress.tick(seconds()), 1000)
  try {
    return await work((stage) => progress.reach(stage, seconds()))
  } finally {
    clearInterval(timer)
    progress.end()
  }
}
