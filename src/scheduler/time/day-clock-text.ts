/** A day as it was written. `null`: no year was. */
export interface Day {
  readonly year: number | null
  readonly month: number
  readonly day: number
}

export interface Clock {
  readonly msOfDay: number
}

const HOUR_MS = 3_600_000
const WORDS_MS: Readonly<Record<string, number>> = {
  midnight: 0,
  elevenses: 11 * HOUR_MS,
  noon: 12 * HOUR_MS,
  fika: 15 * HOUR_MS,
  teatime: 16 * HOUR_MS,
}
/** In a year that has a 29 February. */
const LONGEST_MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Reads a day in one of Slurm's forms; two digits of a year are those of 20YY. @returns `null` for anything else, and for days there are not */
export function readDay(text: string, today: Day | null): Day | null {
  const word = text.toLowerCase()
  if (today !== null && word === "today") return today
  // Past the end of a month: whoever reckons with it takes that for the first of the next.
  if (today !== null && word === "tomorrow") return { ...today, day: today.day + 1 }
  const [, isoYear, isoMonth, isoDay] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text) ?? []
  if (isoYear !== undefined) return validDay(Number(isoYear), Number(isoMonth), Number(isoDay))
  const [, month, day, year] =
    /^(\d{1,2})\/(\d{1,2})(?:\/(\d{2}|\d{4}))?$/.exec(text) ??
    /^(\d{1,2})\.(\d{1,2})(?:\.(\d{2}|\d{4}))?$/.exec(text) ??
    /^(\d{2})(\d{2})(\d{2})?$/.exec(text) ??
    []
  if (month === undefined) return null
  return validDay(year === undefined ? null : Number(year) + (year.length === 2 ? 2000 : 0), Number(month), Number(day))
}

/** Reads a time of day, with or without AM and PM. @returns `null` for anything else */
export function readClock(text: string): Clock | null {
  const wordMs = WORDS_MS[text.toLowerCase()]
  if (wordMs !== undefined) return { msOfDay: wordMs }
  const [, shownHour, minute, second = "0", half] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(am|pm)?$/i.exec(text) ?? []
  if (shownHour === undefined || Number(minute) > 59 || Number(second) > 59) return null
  const hour = hourOf(Number(shownHour), half?.toLowerCase())
  return hour === null ? null : { msOfDay: (hour * 3600 + Number(minute) * 60 + Number(second)) * 1000 }
}

/** 12 AM is midnight and 12 PM is noon; 0 AM and 0 PM are taken, 13 AM and 13 PM are not. */
function hourOf(shown: number, half: string | undefined): number | null {
  if (half === undefined) return shown > 23 ? null : shown
  if (shown > 12) return null
  return (shown % 12) + (half === "pm" ? 12 : 0)
}

function validDay(year: number | null, month: number, day: number): Day | null {
  const longest = LONGEST_MONTH_DAYS[month - 1]
  if (longest === undefined || day < 1 || day > longest) return null
  if (year !== null && month === 2 && day > new Date(Date.UTC(year, 2, 0)).getUTCDate()) return null
  return { year, month, day }
}
