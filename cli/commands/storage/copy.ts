import { Command } from 'commander'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { sizeWords } from '#server/domain/words.ts'
import { plain, say, sayJson, warn } from '../../print/output.ts'

interface Options {
  from: string
  to: string
  json?: true
}

/** Blobs after which it is said how far it has come. */
const every = 1000

/** Hashes that a fault names. */
const named = 5

const place = 'a folder, or s3://BUCKET/PREFIX?… as in DAGBOK_STORE'

export const storageCopy = (): Command =>
  new Command('copy')
    .description(
      'Copies outputs and logs from one store to another, on the server’s machine: a folder (that of a data folder is its `artifacts`) or a bucket. What is there already is passed over: run it again to go on, and once more after the server was stopped.',
    )
    .requiredOption('--from <STORE>', place)
    .requiredOption('--to <STORE>', place)
    .action(async ({ from, to, json }: Options) => {
      // Its library is not loaded for other commands.
      const { copyStorage } = await import('../../storage/copy-storage.ts')
      const done = await copyStorage({ from, to }, ({ copied, bytes, there }) => {
        if (copied % every === 0 && copied > 0)
          warn(`${copied} blobs are copied (${sizeWords(bytes)}), ${there} were there`)
      })
      if (json) sayJson(done)
      else {
        const gone = done.gone === 0 ? '' : ` ${done.gone} were removed from there meanwhile.`
        say(
          plain(
            `Copied ${done.copied} blobs (${sizeWords(done.bytes)}) from ${done.from} to ${done.to}; ${done.there} were there already.${gone}`,
          ),
        )
      }
      const { damaged } = done
      if (damaged.length > 0)
        throw new DagbokError(
          'unavailable',
          `${damaged.length} blobs of ${done.from} have other bytes than their hashes say, and were not copied: ${damaged.slice(0, named).join(', ')}${damaged.length > named ? ', …' : ''}. Take them from a backup.`,
        )
    })
