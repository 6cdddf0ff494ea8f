import { describe, expect, test } from 'vitest'
import { plainAddress, standingOf, standingWords } from './cluster-report.ts'

describe('what is said of a cluster', () => {
  const server = 'https://10.0.0.1:6443'

  test('is who answers there, or why nobody does', () => {
    const well = { server, version: 'v1.33.2', fault: null }
    expect(standingOf('east', { report: well })).toEqual({ name: 'east', ...well, reachable: true })
    expect(standingWords(well)).toBe('Kubernetes v1.33.2 answers.')
    const away = { server, version: null, fault: '10.0.0.1:6443 does not answer (ECONNREFUSED).' }
    expect(standingOf('east', { report: away })).toMatchObject({ server, reachable: false })
    expect(standingWords(away)).toBe(away.fault)
  })

  test('is also what it answers and does not let us do', () => {
    const report = {
      server,
      version: 'v1.33.2',
      fault: 'The pods of dagbok-main cannot be watched: forbidden.',
    }
    expect(standingOf('east', { report }).reachable).toBe(true)
    expect(standingWords(report)).toBe(`Kubernetes v1.33.2 answers. ${report.fault}`)
  })

  test('is nothing where nobody has asked it', () => {
    for (const heard of [null, { report: null }])
      expect(standingOf('east', heard)).toMatchObject({ server: null, version: null, reachable: null })
    expect(standingOf('east', null).fault).toMatch(/^Nobody looks after it/)
    expect(standingOf('east', { report: null }).fault).toBe('It has not been asked yet.')
  })

  test('[S6] an address has nothing in it that opens a door', () => {
    expect(plainAddress('https://me:secret@k8s.example:6443/a/?token=x')).toBe('https://k8s.example:6443/a')
    expect(plainAddress('https://k8s.example/')).toBe('https://k8s.example')
    expect(plainAddress('//me:secret@k8s')).toBe('//k8s')
  })
})
