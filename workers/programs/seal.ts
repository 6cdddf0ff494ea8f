/**
 * What keeps a program to itself, as far as this machine can enforce it. With namespaces (Linux, util-linux' `unshare`): no
 * network, no other process to be seen, no file to be written but in a small scratch folder, the product's folders out of
 * sight, no privilege, and an end that takes everything with it. Without: a user id of its own as root, a process group,
 * and limits. Which of them holds is tried once, not guessed.
 */
import { spawn } from 'node:child_process'

/** `whole`: all of the above; `network`: all but the files; `none`: no namespace. */
export type Seal = 'whole' | 'network' | 'none'

/** Processes at once, bytes of a file, open files; MB of the scratch folder. */
const bounds = { processes: 64, file: 16 * 2 ** 20, files: 128, scratch: 64 }

export interface Sealing {
  seal: Seal
  /** The user id it gets when the product is started as root; null: the product's own. */
  uid: number | null
  /** Folders and files that it must not see. None of them holds `scratch`, or another. */
  hidden: readonly string[]
  /** The one folder that it may write to. */
  scratch: string
  /** Bytes that one process may take for its data. */
  data: number
}

/**
 * The first process of the namespace. Every mount is made read-only, the hidden folders are covered, the scratch folder is
 * of memory and small. It stays until its child ends: with it all that is left in the namespace is ended by the kernel.
 */
const lockDown = `set -e
whole=$1 scratch=$2; shift 2
if [ "$whole" = 1 ]; then
  while read -r _ _ _ _ point options _; do
    keep=
    for one in nosuid nodev noexec noatime nodiratime relatime; do
      case ",$options," in *,$one,*) keep="$keep,$one" ;; esac
    done
    mount -o "remount,bind,ro$keep" "$(printf '%b' "$point")" 2>/dev/null || true
  done < /proc/self/mountinfo
  mount -t proc -o nosuid,nodev,noexec proc /proc
  mount -t tmpfs -o size=${bounds.scratch}m,nr_inodes=4096,mode=1777,nosuid,nodev tmpfs "$scratch"
fi
while [ "$1" != -- ]; do
  if [ "$whole" = 1 ]; then
    if [ -d "$1" ]; then mount -t tmpfs -o size=4k,mode=000,ro tmpfs "$1"; else mount --bind /dev/null "$1"; fi
  fi
  shift
done
shift
code=0
"$@" || code=$?
exit $code
`

/** Says on descriptor 3 that the program begins: what fails before is not its author's fault. */
const begin = '{ echo begun >&3; } 2>/dev/null; exec 3>&-; exec "$@"'

/** Without a namespace: limits of the shell, each as far as it has it. */
const limited = (processes: boolean) => `
ulimit -c 0 2>/dev/null; ulimit -f ${bounds.file / 512} 2>/dev/null
ulimit -n ${bounds.files} 2>/dev/null; ulimit -d "$1" 2>/dev/null; shift
${processes ? `ulimit -u ${bounds.processes} 2>/dev/null || ulimit -p ${bounds.processes} 2>/dev/null` : ''}
${begin}
`

/** The argument vector that runs `argv` sealed, and the user id that it is to be started under. */
export function sealed(sealing: Sealing, argv: readonly string[]): { argv: string[]; uid: number | null } {
  const { seal, uid, hidden, scratch, data } = sealing
  if (seal === 'none')
    return {
      argv: ['/bin/sh', '-c', limited(uid !== null), 'sh', String(Math.ceil(data / 1024)), ...argv],
      uid,
    }
  const identity = uid === null ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  const whole = seal === 'whole'
  return {
    argv: [
      'unshare',
      ...(uid === null ? ['--user', '--map-root-user'] : []),
      '--net',
      '--ipc',
      '--pid',
      '--fork',
      '--kill-child',
      ...(whole ? ['--mount'] : []),
      '/bin/sh',
      '-c',
      lockDown,
      'sh',
      whole ? '1' : '0',
      scratch,
      ...hidden,
      '--',
      'prlimit',
      `--nproc=${bounds.processes}`,
      `--data=${data}`,
      `--fsize=${bounds.file}`,
      `--nofile=${bounds.files}`,
      '--core=0',
      'setpriv',
      ...identity,
      '--no-new-privs',
      '--inh-caps=-all',
      '--bounding-set=-all',
      '/bin/sh',
      '-c',
      begin,
      'sh',
      ...argv,
    ],
    uid: null,
  }
}

/** What a sealed program finds out: its scratch folder; when `whole`, that it can write there and nowhere else, and sees nothing that is hidden. */
const trial = `
whole=$1 scratch=$2; shift 2
[ -d "$scratch" ] || exit 1
[ "$whole" = 1 ] || exit 0
: > "$scratch/trial" || exit 1
for place in "$scratch/.." "$scratch/../.." /tmp /var/tmp /dev/shm; do
  if (: > "$place/dagbok-trial") 2>/dev/null; then rm -f "$place/dagbok-trial"; exit 1; fi
done
for place; do
  if [ -f "$place" ] || [ -d "$place" ] && [ -n "$(ls -A "$place" 2>/dev/null)" ]; then exit 1; fi
done
`

/** ms that a trial may take: a mount can hang, but not `unshare`, which waits for who makes it. */
const trialMs = 10_000

/** The strongest seal that holds on this machine: each is tried by a program that does what it must not. */
export async function strongestSeal(given: Omit<Sealing, 'seal'>, path: string): Promise<Seal> {
  for (const seal of ['whole', 'network'] as const) if (await holds({ ...given, seal }, path)) return seal
  return 'none'
}

async function holds(sealing: Sealing, path: string): Promise<boolean> {
  const { seal, scratch, hidden } = sealing
  const whole = seal === 'whole' ? '1' : '0'
  const { argv, uid } = sealed(sealing, ['/bin/sh', '-c', trial, 'sh', whole, scratch, ...hidden])
  const [command = '', ...args] = argv
  const child = spawn(command, args, {
    cwd: '/',
    env: { NODE_ENV: 'production', PATH: path },
    stdio: 'ignore',
    timeout: trialMs,
    killSignal: 'SIGKILL',
    ...(uid === null ? {} : { uid, gid: uid }),
  })
  return new Promise((done) => {
    child.once('error', () => done(false))
    child.once('close', (code) => done(code === 0))
  })
}
