/** What images of versions were pulled as (N10). */
import { eq, sql } from 'drizzle-orm'
import type { PulledImage } from '#server/domain/pod/image-digest.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { versionImage } from '../schema/index.ts'

/** Each is written once, when it is first seen. */
export async function noteImages(
  q: Queryable,
  versionId: string,
  cluster: string,
  images: readonly PulledImage[],
): Promise<void> {
  if (images.length === 0) return
  const rows = images.map((one) => ({ versionId, cluster, ...one }))
  await q.insert(versionImage).values(rows).onConflictDoNothing()
}

/** By image, the digest that it was pulled as first. */
export async function digestsOfVersion(q: Queryable, versionId: string): Promise<Map<string, string>> {
  const rows = await q
    .selectDistinctOn([versionImage.image], { image: versionImage.image, digest: versionImage.digest })
    .from(versionImage)
    .where(eq(versionImage.versionId, versionId))
    .orderBy(versionImage.image, versionImage.seenAt, versionImage.digest)
  return new Map(rows.map(({ image, digest }) => [image, digest]))
}

/** Seconds for which a tag is taken to mean what it meant when it was pulled last. */
const freshSeconds = 3600

/**
 * What a version that runs in standing workers has its images run with, by image. One that it has not been run with yet is what its
 * team was given on this cluster in the last hour, and is written down as that: workers that stand there are as good as new ones,
 * whose node would not ask again, either (N10).
 * @param images of those that are asked for, the ones that a node keeps once it has them
 */
export async function standingDigests(
  q: Queryable,
  {
    versionId,
    teamId,
    cluster,
    images,
  }: { versionId: string; teamId: string; cluster: string; images: readonly string[] },
): Promise<Map<string, string>> {
  const known = await digestsOfVersion(q, versionId)
  const unknown = images.filter((image) => !known.has(image))
  if (unknown.length === 0) return known
  const rows = await rowsOf<{ image: string; digest: string }>(
    q,
    sql`
    insert into version_image (version_id, image, digest, cluster, seen_at)
    select distinct on (i.image) ${versionId}::uuid, i.image, i.digest, i.cluster, i.seen_at
    from version_image i join version v on v.id = i.version_id
    join dag d on d.id = v.dag_id join repository r on r.id = d.repository_id
    where r.team_id = ${teamId} and i.cluster = ${cluster}
      and i.image in (select jsonb_array_elements_text(${JSON.stringify(unknown)}::jsonb))
      and i.seen_at > clock_timestamp() - make_interval(secs => ${freshSeconds})
    order by i.image, i.seen_at desc, i.digest
    on conflict do nothing returning image, digest`,
  )
  // Another run may have written one meanwhile.
  return rows.length === unknown.length
    ? new Map([...known, ...rows.map(({ image, digest }) => [image, digest] as const)])
    : digestsOfVersion(q, versionId)
}

export interface VersionImageRow {
  versionId: string
  image: string
  digest: string
  cluster: string
  seenAt: Date
  /** What its team has seen it pulled as since, where that is another; the newest. */
  drift: { digest: string; seenAt: Date } | null
}

/** The images of all versions of a DAG, by their names. */
export async function imagesOfDag(q: Queryable, dagId: string): Promise<VersionImageRow[]> {
  const rows = await rowsOf<{
    version_id: string
    image: string
    digest: string
    cluster: string
    seen_at: Date
    drifted: string | null
    drifted_at: Date | null
  }>(
    q,
    sql`
    with own as (
      select distinct on (i.version_id, i.image) i.version_id, i.image, i.digest, i.cluster, i.seen_at
      from version_image i join version v on v.id = i.version_id
      where v.dag_id = ${dagId} order by i.version_id, i.image, i.seen_at, i.digest)
    select own.*, other.digest as drifted, other.seen_at as drifted_at
    from own left join lateral (
      select i.digest, i.seen_at from version_image i
      join version v on v.id = i.version_id
      join dag d on d.id = v.dag_id
      join repository r on r.id = d.repository_id
      where i.image = own.image and i.digest <> own.digest and i.seen_at >= own.seen_at
        and r.team_id = (select r2.team_id from dag d2 join repository r2 on r2.id = d2.repository_id where d2.id = ${dagId})
      order by i.seen_at desc, i.digest limit 1) other on true
    order by own.image`,
  )
  return rows.map((row) => ({
    versionId: row.version_id,
    image: row.image,
    digest: row.digest,
    cluster: row.cluster,
    seenAt: new Date(row.seen_at),
    drift:
      row.drifted === null || row.drifted_at === null
        ? null
        : { digest: row.drifted, seenAt: new Date(row.drifted_at) },
  }))
}
