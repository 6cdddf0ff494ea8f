/** Sentences about Kubernetes' grammar that several rules have. */
export const labelKeyWords =
  'is no key of a label: letters, digits, - _ and ., 63 at most, after the name of a host and / if need be'
export const labelValueWords =
  'is no value of a label: letters, digits, - _ and ., a letter or a digit first and last, 63 at most'
export const quantityWords = 'is no quantity: write 500m, 2, 512Mi or 1e3'
