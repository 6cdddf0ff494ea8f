/** What this machine can do right now: printed before every workload, so that figures of two days can be compared. */
import { spawn } from 'node:child_process'
import { openSql, type Sql } from '#db/sql.ts'
import { round } from './statistics.ts'

export interface Calibration {
  /** `/bin/true` spawned and reaped from Node, one after the other. */
  spawnsPerSecond: number
  /** Single-row transactions on one connection, `synchronous_commit = on`. */
  commitsPerSecond: number
  /** NOTIFY on one connection to its arrival on another: median ms. */
  notifyMs: number
}

async function spawnRate(count: number): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve, reject) => {
      spawn('/bin/true', { stdio: 'ignore' })
        .once('error', reject)
        .once('exit', () => resolve())
    })
  }
  return (count / (performance.now() - start)) * 1000
}

async function commitRate(sql: Sql, count: number): Promise<number> {
  await sql`drop table if exists calibration`
  await sql`create table calibration (n integer)`
  const start = performance.now()
  for (let i = 0; i < count; i++) await sql`insert into calibration values (${i})`
  return (count / (performance.now() - start)) * 1000
}

async function notifyDelay(sql: Sql, count: number): Promise<number> {
  const times: number[] = []
  let arrived: () => void = () => {}
  const subscription = await sql.listen('dagbok_bench', () => arrived())
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    const heard = new Promise<void>((resolve) => (arrived = resolve))
    await sql`select pg_notify('dagbok_bench', '')`
    await heard
    times.push(performance.now() - start)
  }
  await subscription.unlisten()
  return times.sort((a, b) => a - b)[Math.floor(count / 2)] ?? Number.NaN
}

/** Measures on the database that the workload uses, too. */
export async function calibrate(databaseUrl: string): Promise<Calibration> {
  const sql = openSql(databaseUrl, { max: 1 })
  try {
    const spawnsPerSecond = round(await spawnRate(200))
    const commitsPerSecond = round(await commitRate(sql, 300))
    return { spawnsPerSecond, commitsPerSecond, notifyMs: round(await notifyDelay(sql, 100)) }
  } finally {
    await sql.end()
  }
}

export const formatCalibration = (c: Calibration): string =>
  `calibration: ${c.spawnsPerSecond} spawns/s, ${c.commitsPerSecond} commits/s, NOTIFY ${c.notifyMs} ms`
