import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { airflowVersion, installAirflow } from './install.ts'

let folder = ''

beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'airflow-install-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A machine's python3, as far as the installer asks it. */
async function python(script: string): Promise<string> {
  const file = join(folder, 'python3')
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return file
}

test('a machine without Python is told what it needs', async () => {
  await expect(installAirflow(folder, join(folder, 'none'))).rejects.toThrow(
    /it needs python3 3\.11 or newer: .*ENOENT/,
  )
})

test('a Python that is too old is named with its version', async () => {
  await expect(installAirflow(folder, await python('echo False 3.9.2'))).rejects.toThrow(
    'it needs python3 3.11 or newer; here it is 3.9.2',
  )
})

test('an installation that fails gives the last line of the reason, and does not count as there', async () => {
  const pip =
    'printf \'#!/bin/sh\\necho Collecting >&2; echo "ERROR: no route to PyPI" >&2; exit 1\' > "$3/bin/python"'
  const failing = await python(
    `case "$1" in -c) echo True 3.11.7;; *) mkdir -p "$3/bin"; ${pip}; chmod +x "$3/bin/python";; esac`,
  )
  await expect(installAirflow(folder, failing)).rejects.toThrow(/^ERROR: no route to PyPI$/)
  const made = join(folder, `apache-airflow-${airflowVersion}`)
  await expect(stat(join(made, 'bin'))).resolves.toBeTruthy()
  await expect(stat(join(made, 'requirements.txt'))).rejects.toThrow('ENOENT')
})

test('a Python without venv is told the package that has it', async () => {
  const bare = await python(
    'case "$1" in -c) echo True 3.11.7;; *) echo "No module named venv" >&2; exit 1;; esac',
  )
  await expect(installAirflow(folder, bare)).rejects.toThrow(
    "it needs Python's venv (on Debian: python3-venv): No module named venv",
  )
})

test('the list of packages has the version that the harness names', async () => {
  const list = await readFile(join(import.meta.dirname, 'requirements.txt'), 'utf8')
  expect(list.split('\n')).toContain(`apache-airflow==${airflowVersion}`)
})
