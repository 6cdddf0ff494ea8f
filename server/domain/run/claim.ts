/** What a queued task run must find at its claim: a place under each limit, and slots in its pool. Pure. */

/** Slots of a pool; `slots` null: there is no such pool. */
export interface PoolUse {
  slots: number | null
  used: number
}

/** Whether one more has a place. @param most null is without a limit */
export const hasPlace = (most: number | null, active: number): boolean => most === null || active < most

/** Slots that are free; those of a pool that is not there are none. */
export const freeSlots = ({ slots, used }: PoolUse): number => (slots ?? 0) - used

/** Whether so many slots are free. */
export const hasSlots = (pool: PoolUse, wanted: number): boolean => wanted <= freeSlots(pool)
