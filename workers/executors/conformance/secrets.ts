/** [S6] A task gets its team's secrets, and they stand nowhere else. */
import { expect, test } from 'vitest'
import { deleteSecret } from '#server/services/secret/delete-secret.ts'
import { setSecret } from '#server/services/secret/set-secret.ts'
import { everyRow } from '../../testing/every-row.ts'
import { asOwner } from '../../testing/as-owner.ts'
import { cell, fence, type Trial } from './trial.ts'

/** Longer than what any message quotes. */
const token = `c4nary-+/=token "with" 100 % of it${'-and-more'.repeat(20)}`
const key = '-----BEGIN KEY-----\nMIIc4naryLineOne0123\nMIIc4naryLineTwo4567\n-----END KEY-----'
/** The name of no program. */
const call = 'c4nary-program'
/** What must not be found: of each secret as it is, and in forms that programs give it. */
const forms = [
  token,
  token.slice(0, 40),
  call,
  JSON.stringify(token).slice(1, -1),
  encodeURIComponent(token),
  Buffer.from(token).toString('base64').replace(/=+$/, '').slice(0, -1),
  Buffer.from(`x${token}`).toString('base64').slice(2, -4),
  'MIIc4naryLineOne0123',
  'MIIc4naryLineTwo4567',
]

const given = 'secrets: [TOKEN, KEY, CALL]'
/** In pieces, too, with time for each to be sent on its own. */
const telling = `
const { TOKEN, KEY } = process.env
const fs = require('fs')
const say = (text) => fs.writeSync(1, text)
say('plain ' + TOKEN + '\\n' + KEY)
say(JSON.stringify({ TOKEN, KEY }) + '\\n' + new URLSearchParams({ TOKEN }) + ' ' + encodeURIComponent(TOKEN) + '\\n')
for (const before of ['', 'x', 'xy']) say(Buffer.from(before + TOKEN + before).toString('base64') + '\\n')
fs.appendFileSync(process.env.DAGBOK_VALUES, JSON.stringify({ told: [TOKEN, { in: 'x' + TOKEN }] }) + '\\n')
say('length ' + (TOKEN.length + KEY.length) + '\\n')
say('begun ' + TOKEN.slice(0, 9))
setTimeout(() => { say(TOKEN.slice(9) + ' ended\\n') }, 700)
`

/** Of a DAG's only run. */
export function keepsSecrets(trial: Trial): void {
  const owner = async () => (await asOwner(trial.db))[1]
  const set = async (name: string, value: string) =>
    setSecret(trial.shop.hosted.ctx, await owner(), { team: 'main', name, value })

  test('[S6] a task gets secrets of its team; no log, value, message or row of the database has one', async () => {
    await set('TOKEN', 'what it was before')
    await set('TOKEN', token)
    await set('KEY', key)
    await set('CALL', call)
    const { id, state } = await trial.run('secrets', [
      cell(`id: tell\n${given}`, 'javascript', telling),
      cell(`id: fail\n${given}\nneeds: [tell]\ntrigger_rule: all_done`, 'bash', 'echo "$TOKEN$KEY"; exit 3'),
      `${fence}yaml task\nid: none\n${given}\ncommand: [no-such-program, "$(TOKEN)"]\n${fence}\n`,
      `${fence}yaml task\nid: called\n${given}\ncommand: ["$(CALL)", "$(TOKEN)"]\n${fence}\n`,
      cell(`id: report\n${given}`, 'bash', 'echo "$TOKEN" >> "$DAGBOK_VALUES"'),
      cell(
        `id: named\n${given}`,
        'javascript',
        'require("fs").appendFileSync(process.env.DAGBOK_METRICS, JSON.stringify({ [process.env.TOKEN]: 1 }) + "\\n")',
      ),
      cell('id: without', 'bash', 'echo "${TOKEN-none} ${KEY-none}"'),
    ])
    expect(state).toBe('failed')
    const tasks = await trial.attempts(id)
    expect(tasks.map((row) => [row.task, row.reason])).toEqual([
      ['called', 'bad_config'],
      ['fail', 'user_error'],
      ['named', 'user_error'],
      ['none', 'bad_config'],
      ['report', 'user_error'],
      ['tell', null],
      ['without', null],
    ])
    const told = await trial.shop.log(id, 'tell')
    expect(told).toMatch(/^plain •••$/m)
    expect(told).toMatch(/^begun ••• ended$/m)
    expect(await trial.shop.log(id, 'without')).toBe('none none\n')
    const logs = [told, await trial.shop.log(id, 'fail'), await trial.shop.log(id, 'called')]
    const rows = await everyRow(trial.db)
    for (const form of forms) expect([...logs, rows].filter((text) => text.includes(form))).toEqual([])
    // It came, whole: and the record says of each variable that it was given.
    expect(rows).toContain('"TOKEN": "•••"')
    expect(told).toContain(`length ${token.length + key.length}\n`)
  })

  test('a secret that is not there fails its task at once, and says which it is', async () => {
    await set('GONE_BY_THEN', 'there for a while')
    await deleteSecret(trial.shop.hosted.ctx, await owner(), { team: 'main', name: 'GONE_BY_THEN' })
    const { id } = await trial.run('no-secret', [
      cell('id: a\nsecrets: [GONE_BY_THEN, NEVER_THERE]\nretries: 3', 'bash', 'echo ran'),
    ])
    expect(await trial.attempts(id)).toMatchObject([
      {
        state: 'failed',
        reason: 'bad_config',
        started: false,
        message: expect.stringContaining(
          'The team has no secret GONE_BY_THEN, NEVER_THERE: an owner sets it',
        ) as string,
      },
    ])
  })
}
