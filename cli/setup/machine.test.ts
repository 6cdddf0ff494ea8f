import { expect, test } from 'vitest'
import { faultsOf, machineFaults } from './machine.mjs'

const fine = { node: 'v20.0.0', npm: '10.0.0', git: 'git version 2.30.0', servesGit: true, platform: 'linux' }

test.each([
  ['the oldest that is taken', {}, []],
  ['newer ones, on macOS', { node: 'v24.21.0', npm: '11.4.2', platform: 'darwin' }, []],
  ['installed already: npm is not asked', { npm: undefined }, []],
  ['an old Node', { node: 'v18.20.8' }, ['Node v18.20.8 is too old: install Node 20 or newer.']],
  ['an old npm', { npm: '9.9.4' }, ['npm 9.9.4 is too old: run `npm install --global npm@11`.']],
  ['no npm', { npm: null }, ['npm is not on the PATH: install Node 20 or newer with npm 10 or newer.']],
  ['no git', { git: null, servesGit: false }, ['git is not on the PATH: install git 2.30 or newer.']],
  [
    'a git in part',
    { servesGit: false },
    ['this git has no `git http-backend`, which serves the repositories: install the full git package.'],
  ],
  ['Windows', { platform: 'win32' }, ['win32 is not supported: use Linux or macOS (on Windows, WSL 2).']],
])('%s', (_, machine, faults) => {
  expect(faultsOf({ ...fine, ...machine })).toEqual(faults)
})

test('all that is wrong is said at once', () => {
  const faults = faultsOf({ node: 'v9.0.0', npm: null, git: null, servesGit: false, platform: 'win32' })
  expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['Node', 'npm', 'git', 'win32'])
})

test('a machine that runs these tests has none', () => {
  expect(machineFaults()).toEqual([])
})
