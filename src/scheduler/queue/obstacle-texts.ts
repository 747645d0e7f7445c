/**
 * What keeps a job off a host in words, one after the other; of each booking its first time, and how many more there are, as an hourly one has
 * hundreds in the time for which a job may run.
 */
export function obstacleTexts<One extends { readonly code: string; readonly booking?: string }>(
  obstacles: readonly One[],
  textOf: (one: One) => string,
): readonly string[] {
  const more = new Map<string, number>()
  const texts = obstacles.flatMap((one) => {
    const { code, booking } = one
    if (code !== "booked" || booking === undefined) return textOf(one)
    const times = more.get(booking)
    more.set(booking, times === undefined ? 0 : times + 1)
    return times === undefined ? textOf(one) : []
  })
  for (const [booking, times] of more)
    if (times > 0) texts.push(`and at ${times} more ${times === 1 ? "time" : "times"} of ${booking}`)
  return texts
}
