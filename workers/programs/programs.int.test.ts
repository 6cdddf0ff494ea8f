/** Programs that print a spec, pushed as an author does: run once, by the files of their own version. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { openDatabase } from '#db/client.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { askProgram, claimProgram, endProgram, requeuePrograms } from '#db/queries/program.ts'
import { checkNotebook, readNotebook } from '#server/services/notebook/read-notebook.ts'
import { runPrograms } from '#server/services/program/printed-texts.ts'
import { filesIn } from '#server/services/version/read-snapshot.ts'
import { reconcile } from '#server/services/version/reconcile.ts'
import { findDagRow } from '#db/queries/dag-view.ts'
import { smallDag } from '#server/testing/hosted.ts'
import { hasPython, noPython } from '../testing/python.ts'
import { openProgramShop, type ProgramShop } from '../testing/program-shop.ts'
import { openWorkshop, type Workshop } from '../testing/workshop.ts'

const { database, url } = testDatabase()
let shop: Workshop
let programs: ProgramShop
beforeAll(async () => {
  shop = await openWorkshop(database())
  programs = await openProgramShop(database(), shop.hosted)
})
afterAll(async () => {
  await programs.close()
  await shop.close()
})

const push = (name: string, ...more: string[]) => ['push', '-q', ...more, shop.hosted.remote(name)]

const specs = async (dag: string) =>
  database().client<{ number: number; title: string; path: string; files: number; source: string }[]>`
    select v.number, v.spec ->> 'title' as title, v.path, jsonb_array_length(v.bundle) as files,
      v.spec -> 'tasks' -> 0 -> 'source' ->> 'file' as source
    from version v join dag d on d.id = v.dag_id where d.name = ${dag} order by v.number`

const outcomes = async (repository: string) =>
  database().client<{ state: string; kept: boolean }[]>`
    select p.state, p.kept_at is not null as kept from program p join repository r on r.id = p.repository_id
    where r.name = ${repository} order by p.created_at`

/** Says when it was run: what is run twice says two things. */
const python = (id: string) => `import json, os, time
from foo.bar import word
print(json.dumps({
    "dagbok": 1, "id": "${id}", "title": f"{word} {time.time_ns()} {os.getpid()}",
    "tasks": [{"id": "say", "script": {"lang": "python", "text": "from foo.bar import word\\nprint('task of', word)"}}],
}))
`
const typescript = (id: string) => `import { word } from './foo/bar.ts'
const text = "import { word } from './foo/bar.ts'\\nconsole.log('task of', word)"
console.log(JSON.stringify({
  dagbok: 1, id: "${id}", title: \`\${word} \${process.hrtime.bigint()} \${process.pid}\`,
  tasks: [{ id: "say", script: { lang: "typescript", text } }],
}))
`

/** A program, its path and that of its module foo.bar: in Python, or in TypeScript where there is no Python. */
const [program, x, bar] = hasPython
  ? [python, 'p/x.dag.py', 'p/foo/bar.py']
  : [typescript, 'p/x.dag.ts', 'p/foo/bar.ts']
const word = (is: string) => ({ [bar]: `${hasPython ? '' : 'export const '}word = "${is}"\n` })

test('[N9] two versions with a module foo.bar of the same name are live at once, and each has its own', async () => {
  const tree = await shop.hosted.work('twins', {
    [x]: program('twins'),
    ...word('one'),
  })
  await tree.commit('One')
  expect(await tree.git(...push('twins', '-o', 'run'), 'main')).toContain('twins v1: new, 1 task')
  await tree.write(word('two'))
  await tree.commit('Two')
  await tree.git(...push('twins', '-o', 'run'), 'main')
  const [one, two] = await specs('twins')
  expect(one).toMatchObject({ number: 1, path: x, files: 2, source: x })
  expect(one?.title).toMatch(/^one /)
  expect(two?.title).toMatch(/^two /)
  for (const [version, word] of [
    [1, 'one'],
    [2, 'two'],
  ] as const) {
    const run = await shop.ended('twins', version)
    expect(run.state).toBe('succeeded')
    expect(await shop.log(run.id, 'say')).toBe(`task of ${word}\n`)
  }
})

test('[N9] a program is run once per version: pushes, other branches, the reconciler and the page read what it printed', async () => {
  const tree = await shop.hosted.work('once', {
    [x]: program('once'),
    ...word('w'),
    'q/other.dag.md': smallDag('other'),
  })
  await tree.commit('First')
  await tree.git(...push('once'), 'main')
  const [first] = await specs('once')
  await tree.write({ 'q/other.dag.md': smallDag('other', 'more') })
  await tree.commit('Another DAG')
  await tree.git(...push('once'), 'main', 'main:refs/heads/side')
  const repository = await findRepository(database(), 'main', 'once')
  await database().client`delete from git_ref where repository_id = ${repository?.id ?? ''}`
  await reconcile(shop.hosted.ctx, repository?.id ?? '')
  const dag = await findDagRow(database(), repository?.teamId ?? '', 'once', 'once')
  const page = await readNotebook(shop.hosted.ctx, dag as NonNullable<typeof dag>)
  expect(page).toMatchObject({ path: x, text: program('once'), cells: [], faults: [] })
  expect(page.graph.tasks.map(({ id }) => id)).toEqual(['say'])
  expect(await specs('once')).toEqual([first])
  expect(await outcomes('once')).toEqual([{ state: 'printed', kept: true }])
})

test('[N9] a version whose program nobody has run yet is made by the reconciler, which runs it', async () => {
  const tree = await shop.hosted.work('late', {
    'p/x.dag.ts': `import { id } from './id.ts'
const id2: string = id
console.log(JSON.stringify({ dagbok: 1, id: id2, include: ['../data'], tasks: [{ id: 'a', command: ['true'] }] }))
`,
    'p/id.ts': "export const id = 'late'\n",
    'data/rows.csv': 'a\n1\n',
  })
  await tree.commit('First')
  await tree.git(...push('late'), 'main')
  const { id = '' } = (await findRepository(database(), 'main', 'late')) ?? {}
  expect(await specs('late')).toMatchObject([{ number: 1, files: 3 }])
  await database().client`delete from program where repository_id = ${id}`
  await database().client`delete from git_ref where repository_id = ${id}`
  await reconcile(shop.hosted.ctx, id)
  expect(await specs('late')).toHaveLength(1)
  expect(await outcomes('late')).toEqual([{ state: 'printed', kept: true }])
})

test('[N5] a push of a program that fails is refused at the line of its own file, and may be pushed again', async ({
  skip,
}) => {
  skip(!hasPython, noPython)
  const tree = await shop.hosted.work('faulty', {
    'p/x.dag.py': 'import foo.bar\n\nfoo.bar.word()\n',
    'p/foo/bar.py': 'def word():\n    raise ValueError("no word")\n',
  })
  await tree.commit('Fails')
  const told = 'error: p/foo/bar.py:2:1 this program ended with exit code 1: ValueError: no word'
  expect(await tree.fails(...push('faulty'), 'main')).toContain(told)
  expect(await tree.fails(...push('faulty'), 'main')).toContain(told)
  await tree.write({ 'p/x.dag.py': 'import foo.bar\n\nfoo.bar.none()\n' })
  await tree.commit('Fails itself')
  expect(await tree.fails(...push('faulty'), 'main')).toContain(
    'error: p/x.dag.py:3:1 this program ended with exit code 1: AttributeError: ',
  )
  await tree.write({
    'p/x.dag.py':
      'print("""{"dagbok": 1, "id": "faulty", "tasks": [\n  {"id": "a", "command": ["true"], "needs": ["b"]}]}""")\n',
  })
  await tree.commit('Prints a fault')
  expect(await tree.fails(...push('faulty'), 'main')).toContain(
    "error: p/x.dag.py:1:1 at tasks[0].needs[0] (a) of what it prints: unknown task 'b' in needs",
  )
  expect(await specs('faulty')).toEqual([])
})

test('[N7] a program may print a component, and use one', async () => {
  const part = `part/part.dag.${hasPython ? 'py' : 'ts'}`
  const tree = await shop.hosted.work('parts', {
    'p/x.dag.ts': `console.log('dagbok: 1\\nid: parts\\ntasks: [{id: part, uses: ../${part}}]')\n`,
    [part]: `${hasPython ? 'print' : 'console.log'}('{"dagbok": 1, "id": "part", "kind": "component", "tasks": [{"id": "in", "command": ["true"]}]}')\n`,
  })
  await tree.commit('Parts')
  await tree.git(...push('parts'), 'main')
  const [row] = await database().client<{ tasks: string[]; files: string[] }[]>`
    select jsonb_path_query_array(spec, '$.tasks[*].id') as tasks, jsonb_path_query_array(bundle, '$[*].path') as files
    from version v join dag d on d.id = v.dag_id where d.name = 'parts'`
  expect(row).toEqual({ tasks: ['part.in'], files: ['p/x.dag.ts', part] })
})

test('the check of a text that is being edited runs it once, and its commit need not run it again', async () => {
  const tree = await shop.hosted.work('typed', {
    [x]: program('typed'),
    ...word('w'),
  })
  const sha = await tree.commit('First')
  await tree.git(...push('typed'), 'main')
  const repository = await findRepository(database(), 'main', 'typed')
  const dag = await findDagRow(database(), repository?.teamId ?? '', 'typed', 'typed')
  const check = (text: string) => checkNotebook(shop.hosted.ctx, dag as NonNullable<typeof dag>, sha, x, text)
  const text = program('typed').replace('"say"', '"tell"')
  expect((await check(text)).graph.tasks).toMatchObject([{ id: 'tell' }])
  expect(
    (await check(hasPython ? 'import nothing_there\n' : "import './nothing_there.ts'\n")).faults,
  ).toMatchObject([
    {
      file: x,
      line: 1,
      message: expect.stringMatching(/ModuleNotFoundError|ERR_MODULE_NOT_FOUND/) as string,
    },
  ])
  expect(await outcomes('typed')).toMatchObject([
    { kept: true },
    { kept: false },
    { state: 'failed', kept: false },
  ])
  await tree.write({ [x]: text })
  await tree.commit('Tell')
  await tree.git(...push('typed'), 'main')
  expect(await outcomes('typed')).toMatchObject([{ kept: true }, { kept: true }, { kept: false }])
})

test('more programs than a worker could run in the time of a push are refused before any is', async () => {
  const { ctx } = shop.hosted
  const { id: repositoryId = '' } = (await findRepository(database(), 'main', 'typed')) ?? {}
  const entry = (path: string) => ({ path, mode: '100644', blob: '0'.repeat(40) })
  const many = Array.from({ length: 201 }, (_, i) => entry(`p${i}/x.dag.py`))
  await expect(runPrograms(ctx, { repositoryId, entries: many }, true)).rejects.toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('201 programs that read 201 files') as string,
  })
  const beside = Array.from({ length: 10_500 }, (_, i) => entry(`p/data/${i}`))
  const together = Array.from({ length: 200 }, (_, i) => entry(`p/${i}.dag.py`))
  const source = { repositoryId, entries: [...beside, ...together] }
  await expect(runPrograms(ctx, source, true)).rejects.toMatchObject({ code: 'too_large' })
})

test('[R14] what is too much for a program is refused, and none is run for it', async () => {
  const y = x.replace('p/x', 'q/y')
  const tree = await shop.hosted.work('large', {
    [x]: `${program('large')}${hasPython ? '#' : '//'} ${'x'.repeat(2 ** 21)}`,
    [y]: program('other'),
  })
  await tree.commit('Large')
  expect(await tree.fails(...push('large'), 'main')).toMatch(
    /^.*p\/x\.dag\.\w+ has \d+ bytes, more than the 2097152/m,
  )
  expect(await outcomes('large')).toEqual([])
  await tree.git('rm', '-q', x)
  const mb = 2 ** 20
  for (let i = 0; i < 26; i++) await tree.write({ [`q/data/${i}`]: `${i}${'x'.repeat(10 * mb)}` })
  await tree.git('add', '-A')
  await tree.git('commit', '-q', '--amend', '-m', 'Much beside it')
  expect(await tree.fails(...push('large'), 'main')).toContain(
    `${y}:1:1 this program cannot be run: the files beside it have 261 MB together, more than the 256 MB`,
  )
})

test('[R14] one connection is enough to reconcile a repository with a program', async () => {
  const { ctx } = shop.hosted
  const { id = '' } = (await findRepository(database(), 'main', 'twins')) ?? {}
  await database().client`delete from git_ref where repository_id = ${id}`
  const db = openDatabase(url(), { max: 1 })
  try {
    await reconcile({ ...ctx, db }, id)
  } finally {
    await db.close()
  }
  expect(await database().client`select 1 as one from git_ref where repository_id = ${id}`).toHaveLength(1)
})

test('[R7] who waits for a program that nobody runs is told so in time, and it is not begun later', async () => {
  const { ctx } = shop.hosted
  const tree = await shop.hosted.work('alone', { 'q/other.dag.md': smallDag('beside') })
  await tree.commit('First')
  await tree.git(...push('alone'), 'main')
  await tree.write({ [x]: program('alone'), ...word('w') })
  const sha = await tree.commit('A program')
  await tree.git(...push('alone'), 'main')
  const { id = '' } = (await findRepository(database(), 'main', 'alone')) ?? {}
  await database().client`delete from program where repository_id = ${id}`
  const entries = filesIn(await ctx.repositories.tree(id, sha))
  await programs.close()
  try {
    await expect(runPrograms(ctx, { repositoryId: id, entries }, true, 200)).rejects.toMatchObject({
      code: 'unavailable',
      message: `${x} could not be run within 0.2 s: the worker is busy, is not there, or failed at it, as its log says. Nothing was changed: try again.`,
    })
    await database()
      .client`update program set asked_until = now() - interval '1 s' where repository_id = ${id}`
    expect(await claimProgram(database(), 'test', 60)).toBeNull()
  } finally {
    programs = await openProgramShop(database(), shop.hosted)
  }
  expect(await outcomes('alone')).toEqual([{ state: 'queued', kept: false }])
})

test('[R3] a runner that was taken for dead has no say; what it held is run by the next', async () => {
  const { ctx } = shop.hosted
  const { id: repositoryId = '' } = (await findRepository(database(), 'main', 'late')) ?? {}
  const [, sha = ''] = [...(await ctx.repositories.refs(repositoryId))][0] ?? []
  const source = { repositoryId, entries: filesIn(await ctx.repositories.tree(repositoryId, sha)) }
  await database().client`delete from program where repository_id = ${repositoryId}`
  await programs.close()
  await expect(runPrograms(ctx, source, false, 1)).rejects.toMatchObject({ code: 'unavailable' })
  await database()
    .client`update program set asked_until = now() + interval '1 h' where repository_id = ${repositoryId}`
  const dead = await claimProgram(database(), 'dead', -1)
  const next = await claimProgram(database(), 'next', 60)
  expect(next?.id).toBe(dead?.id)
  expect(await endProgram(database(), dead?.token ?? '', { printed: 'late' })).toBe(false)
  expect(await claimProgram(database(), 'third', 60)).toBeNull()
  expect(await requeuePrograms(database(), 'next')).toEqual([next?.id])
  programs = await openProgramShop(database(), shop.hosted)
  const [printed] = (await runPrograms(ctx, source, false)).values()
  expect(printed).toEqual({ printed: expect.stringContaining('"id":"late"') as string })
})

test('[R14] what the product could not do is not kept as the fault of the author', async () => {
  const { ctx } = shop.hosted
  const { id: repositoryId = '' } = (await findRepository(database(), 'main', 'late')) ?? {}
  const entries = [{ path: 'lost/x.dag.ts', mode: '100644', blob: '1'.repeat(40) }]
  await expect(runPrograms(ctx, { repositoryId, entries }, false, 1500)).rejects.toMatchObject({
    code: 'unavailable',
  })
  const rows = await database().client`select state, fault from program where path = 'lost/x.dag.ts'`
  expect(rows).toEqual([{ state: 'queued', fault: null }])
  await database().client`delete from program where path = 'lost/x.dag.ts'`
})

test('[R7] no repository waits for all programs of another, and who types waits for none of a push', async () => {
  await programs.close()
  const idOf = async (name: string) => (await findRepository(database(), 'main', name))?.id ?? ''
  const [many, few] = [await idOf('late'), await idOf('twins')]
  const ask = (repositoryId: string, path: string, draft: string | null = null) =>
    askProgram(
      database(),
      repositoryId,
      { hash: path, path, files: [], draft, quarantine: null },
      { seconds: 60, again: true },
    )
  for (const path of ['a', 'b', 'c']) await ask(many, path)
  await ask(few, 'd')
  const claim = async () => {
    const { path, token } = (await claimProgram(database(), 'order', 60)) ?? {}
    return { path, token: token ?? '' }
  }
  const first = await claim()
  expect([first.path, (await claim()).path]).toEqual(['a', 'd'])
  await ask(few, 'e', 'typed')
  expect((await claim()).path).toBe('e')
  await ask(many, 'f', 'typed')
  // What failed and is asked again waits behind those that were there.
  const fault = { file: 'a', line: 1, column: 1, message: 'no' }
  await endProgram(database(), first.token, { fault })
  await ask(many, 'a')
  const order = []
  for (let next = await claim(); next.path !== undefined; next = await claim()) order.push(next.path)
  expect(order).toEqual(['f', 'b', 'c', 'a'])
  await database().client`delete from program where path in ('a', 'b', 'c', 'd', 'e', 'f')`
  programs = await openProgramShop(database(), shop.hosted)
})

test('a .dag.py is refused with what to do where there is no python3', async () => {
  const bare = '/nonexistent'
  await programs.close()
  programs = await openProgramShop(database(), shop.hosted, bare)
  try {
    const tree = await shop.hosted.work('bare', {
      'p/x.dag.py': python('bare'),
      'p/foo/bar.py': 'word = "w"\n',
    })
    await tree.commit('First')
    expect(await tree.fails(...push('bare'), 'main')).toContain(
      'p/x.dag.py:1:1 this program needs python3, which is not on the search path',
    )
  } finally {
    await programs.close()
    programs = await openProgramShop(database(), shop.hosted)
  }
})
