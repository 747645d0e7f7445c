const HOURS_OF_DAY = 24
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
const SETS: Readonly<Record<string, string>> = { "0123456": "every day", "01234": "weekdays", "56": "weekends" }

/** A part of some days of the week, by the clock on the wall. */
export interface UsualTime {
  /** 0 is Monday; in order. */
  readonly days: readonly number[]
  readonly fromHour: number
  /** Up to 24. */
  readonly toHour: number
}

/**
 * Hours of a week as parts of days, days that are alike together.
 * @param hours 168 of them, from Monday 00:00 on
 */
export function usualTimes(hours: readonly boolean[]): readonly UsualTime[] {
  const found = new Map<string, { readonly days: number[]; readonly fromHour: number; readonly toHour: number }>()
  for (let day = 0; day < DAYS.length; day++) {
    for (let fromHour = 0; fromHour < HOURS_OF_DAY; fromHour++) {
      const isUsual = (hour: number) => hour < HOURS_OF_DAY && hours[day * HOURS_OF_DAY + hour] === true
      if (!isUsual(fromHour)) continue
      let toHour = fromHour
      while (isUsual(toHour)) toHour++
      const key = `${fromHour}-${toHour}`
      const time = found.get(key) ?? { days: [], fromHour, toHour }
      time.days.push(day)
      found.set(key, time)
      fromHour = toHour
    }
  }
  return [...found.values()]
}

/** `weekdays 9:00 to 18:00, Sat 10:00 to 12:00`; `null` when there are none. */
export function usualTimesText(times: readonly UsualTime[]): string | null {
  if (times.length === 0) return null
  return times
    .map(({ days, fromHour, toHour }) => {
      const when = SETS[days.join("")] ?? days.map((day) => DAYS[day]!).join(" ")
      return toHour - fromHour === HOURS_OF_DAY ? when : `${when} ${fromHour}:00 to ${toHour}:00`
    })
    .join(", ")
}
