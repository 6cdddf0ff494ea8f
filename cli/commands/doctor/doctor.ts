import { Command } from 'commander'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { cliEnvironment } from '#server/config/cli.ts'
import { currentAccount, defaultUrl, keptAccount, productUrl, type Account } from '../../client/account.ts'
import { dim, plain, say, sayJson, toned } from '../../print/output.ts'
import { table } from '../../print/table.ts'
import { account, machine, product, type Finding } from './checks.ts'

const marks = { good: toned('better', '✓'), note: dim('·'), bad: toned('failed', '✗') }

async function whoAsks(): Promise<{ url: string; who: Account | null }> {
  try {
    const who = await currentAccount()
    return { url: who.url, who }
  } catch (error) {
    if (!(error instanceof DagbokError) || error.code !== 'unauthenticated') throw error
    return { url: productUrl(cliEnvironment().url ?? (await keptAccount())?.url ?? defaultUrl), who: null }
  }
}

async function examine(): Promise<Finding[]> {
  const { url, who } = await whoAsks()
  const [here, there] = await Promise.all([machine(), product(url)])
  const answers = there.every(({ check, verdict }) => check !== 'product' || verdict === 'good')
  return [...here, ...there, ...(answers ? await account(who) : [])]
}

export const doctor = (): Command =>
  new Command('doctor')
    .description('Looks at this machine, the product and your account, and says what to mend.')
    .action(async ({ json }: { json?: true }) => {
      const findings = await examine()
      if (json) sayJson(findings)
      else {
        say(
          table(
            ['', 'CHECK', 'FOUND'],
            findings.map(({ verdict, check, found }) => [marks[verdict], check, plain(found)]),
          ),
        )
        for (const { check, mend } of findings) if (mend !== null) say(`\n${check}: ${plain(mend)}`)
      }
      if (findings.some(({ verdict }) => verdict === 'bad'))
        throw new DagbokError('unavailable', 'Not everything is as it should be.')
    })
