/** Airflow from PyPI, in a Python environment of its own beside the other peers: exact versions, made once. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { peersFolder } from '../peer.ts'

export const airflowVersion = '3.3.2'

const requirements = join(import.meta.dirname, 'requirements.txt')
const run = promisify(execFile)

/** The last line that a program printed about its failure. */
function reasonOf(error: unknown): string {
  const { stderr = '', message = String(error) } = error as { stderr?: string; message?: string }
  return stderr.trim().split('\n').at(-1) || (message.split('\n')[0] ?? '')
}

async function checkPython(python: string): Promise<void> {
  const script = 'import sys; print(sys.version_info >= (3, 11), sys.version.split()[0])'
  const { stdout } = await run(python, ['-c', script]).catch((error: unknown) => {
    throw new Error(`it needs python3 3.11 or newer: ${reasonOf(error)}`)
  })
  if (!stdout.startsWith('True'))
    throw new Error(`it needs python3 3.11 or newer; here it is ${stdout.trim().split(' ')[1]}`)
}

/** The list of what is installed is copied in last: an installation that was cut off is made anew. */
async function isInstalled(list: string): Promise<boolean> {
  const there = await readFile(list, 'utf8').catch(() => null)
  return there === (await readFile(requirements, 'utf8'))
}

/** @returns the folder with its programs. @throws with the reason when it cannot be installed */
export async function installAirflow(peers = peersFolder, python = 'python3'): Promise<string> {
  const folder = join(peers, `apache-airflow-${airflowVersion}`)
  const bin = join(folder, 'bin')
  const list = join(folder, 'requirements.txt')
  if (await isInstalled(list)) return bin
  await checkPython(python)
  process.stderr.write(`installing Airflow ${airflowVersion} from PyPI: some minutes and 330 MB …\n`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await run(python, ['-m', 'venv', folder]).catch((error: unknown) => {
    throw new Error(`it needs Python's venv (on Debian: python3-venv): ${reasonOf(error)}`)
  })
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check']
  await run(join(bin, 'python'), ['-m', 'pip', 'install', ...options, '-r', requirements]).catch(
    (error: unknown) => {
      throw new Error(reasonOf(error))
    },
  )
  await copyFile(requirements, list)
  return bin
}
