/** What `npm start -- …` takes. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DagbokError } from '#server/domain/errors/errors.ts'

export const usage = `usage: npm start -- [options]

  --port N           listen there, or on the next free port (default 7310; 0 is any free one)
  --host HOST        listen on this address (default 127.0.0.1, which only this machine reaches)
  --data-dir FOLDER  keep everything there (default .dagbok in this folder)
  --no-open          do not open a browser
  --no-link          print no sign-in link: for where others read what is printed
  --no-examples      do not push and run the examples at the first start
  --ready-file FILE  write {"url","signInUrl","gitUrl","apiUrl","apiToken"} there (mode 0600) once all answers
  --help             print this

DATABASE_URL, when set, names the Postgres (16 to 18) to use instead of the embedded one.`

export interface StartArguments {
  port: number | null
  host: string | null
  dataDir: string | null
  open: boolean
  /** Whether the sign-in link is printed. */
  link: boolean
  examples: boolean
  readyFile: string | null
  help: boolean
}

export const startOptions = {
  port: { type: 'string' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  'no-open': { type: 'boolean' },
  'no-link': { type: 'boolean' },
  'no-examples': { type: 'boolean' },
  'ready-file': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** @throws DagbokError `bad_input` that names the option */
export function parseStartArguments(args: string[]): StartArguments {
  try {
    const { values } = parseArgs({ args, options: startOptions, strict: true })
    const port = values.port === undefined ? null : Number(values.port)
    if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
      throw new Error(`--port ${values.port} is not a port: give a number from 0 to 65535.`)
    const path = (text: string | undefined) => (text === undefined ? null : resolve(text))
    return {
      port,
      host: values.host ?? null,
      dataDir: path(values['data-dir']),
      open: values['no-open'] !== true,
      link: values['no-link'] !== true,
      examples: values['no-examples'] !== true,
      readyFile: path(values['ready-file']),
      help: values.help === true,
    }
  } catch (error) {
    throw new DagbokError(
      'bad_input',
      `${(error as Error).message.replace(/\.?$/, '.')} npm start -- --help lists the options.`,
    )
  }
}
