'use client'

import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'

export const imageViews = [
  { value: 'side', name: 'Side by side' },
  { value: 'swipe', name: 'Swipe' },
  { value: 'onion', name: 'Onion skin' },
] as const

/** How a comparison is looked at; the runs and the base are the comparison itself. All of it is in the URL, and back undoes it. */
export function useView() {
  const [view, set] = useQueryStates(
    {
      /** The run whose outputs and code stand against the base's. */
      with: parseAsString,
      images: parseAsStringLiteral(imageViews.map((one) => one.value)).withDefault('side'),
    },
    { history: 'push' },
  )
  return { view, set }
}
